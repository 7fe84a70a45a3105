"""The Open Inference Protocol, V2, over REST: paths, datatypes, requests and replies, all pure.

Source: github.com/kserve/open-inference-protocol, `specification/protocol/inference_rest.md`.
"""
