"""Prometheus rules of endpoints and of the platform under them: typed settings in, rule files out. Pure."""

from pulumi_mlops.alerts.platform_rules import PlatformAlerts, render_platform
from pulumi_mlops.alerts.rules import file_name, render, runbook
from pulumi_mlops.alerts.settings import Drift, EndpointAlerts, ScheduledJob, validated
from pulumi_mlops.alerts.slo import BurnWindow, LatencyObjective, Slo

__all__ = [
    "BurnWindow",
    "Drift",
    "EndpointAlerts",
    "LatencyObjective",
    "PlatformAlerts",
    "ScheduledJob",
    "Slo",
    "file_name",
    "render",
    "render_platform",
    "runbook",
    "validated",
]
