"""Which arguments of Monitoring go to the components it registers. Pure."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from pulumi_mlops.adopted_monitoring import AdoptedMonitoringArgs
from pulumi_mlops.grafana_dashboards import GrafanaDashboardsArgs
from pulumi_mlops.monitoring_args import MonitoringArgs

ADOPTED, DASHBOARDS = "mlops", "mlops-dashboards"
"""Prefixes of the objects' names: a namespace may hold those of others too."""
RUN_ONLY = (
    "images",
    "receivers",
    "routes",
    "pace",
    "otlp_endpoint",
    "allowed_ingress",
    "api_server_cidrs",
    "storage_class",
)


def adopted(args: MonitoringArgs) -> AdoptedMonitoringArgs:
    """What the cluster's operator is given.

    Raises `pulumi.InputPropertyError` for what is the adopted Prometheus' and Alertmanager's own business.
    """
    prometheus: Mapping[str, Any] = args.get("prometheus") or {}
    beyond = [key for key in RUN_ONLY if args.get(key)]
    beyond += [f"prometheus.{key}" for key in prometheus if key != "scrape_seconds"]
    if beyond:
        raise pulumi.InputPropertyError(
            beyond[0], "an adopted Prometheus and its Alertmanager have their own; leave it out, or run them"
        )
    wanted = {
        "object_name": ADOPTED,
        "scrape_seconds": prometheus.get("scrape_seconds"),
        **{
            key: args.get(key)
            for key in ("namespace", "models_namespaces", "operator_labels", "rules", "keda_namespace")
        },
    }
    return cast(AdoptedMonitoringArgs, {key: value for key, value in wanted.items() if value is not None})


def dashboards(args: MonitoringArgs) -> GrafanaDashboardsArgs:
    """Where the dashboards go."""
    return cast(GrafanaDashboardsArgs, {"object_name": DASHBOARDS, **args["dashboards"]})
