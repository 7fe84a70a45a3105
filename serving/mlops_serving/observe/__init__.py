"""What is done with answered requests after the reply: drift, data quality, and the request log.

Inference ─▶ Watch.seen (takes note) ─▶ one thread of low priority ─▶ Drift, Quality, RequestLog
                                                                                      │
                                                          a thread of its own ─▶ object store
"""
