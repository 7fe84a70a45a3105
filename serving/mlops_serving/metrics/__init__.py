"""What the server measures: numbers in memory shared by its processes, one exporter for all of them.

catalog (what there is) ─▶ meters (how to count) ─▶ segment (where the numbers are) ─▶ text (/metrics)
"""
