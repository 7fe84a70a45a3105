"""From an alert to an action: an HTTP receiver for Alertmanager that retrains or rolls back, within limits.

    webhook ─▶ app ─▶ bounded queue ─▶ worker: decide ─▶ record ─▶ act ─▶ record

The way in is `python3 -m mlops_pipelines remediate`.
"""
