"""Which alerts a platform has: those of its endpoints with their pipelines, and its own."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from pulumi_mlops.alert_args import EndpointAlertsArgs
from pulumi_mlops.alerts import PlatformAlerts, file_name, render_platform
from pulumi_mlops.platform_args import PlatformArgs, PlatformEndpointArgs

PLATFORM_FILE = "platform.yaml"


def endpoint_alerts(
    args: PlatformArgs, wanted: PlatformEndpointArgs, scrape_seconds: pulumi.Input[int] | None = None
) -> EndpointAlertsArgs:
    """What the endpoint asks for, how often it is asked, and the platform's pipelines that lead to it."""
    jobs = [
        {"name": f"{pipeline['name']}-pipeline", "scheduled": pipeline.get("schedule") is not None}
        for pipeline in args["pipelines"]
        if pipeline["endpoint"] == wanted["name"]
    ]
    asked = {} if scrape_seconds is None else {"scrape_seconds": scrape_seconds}
    return cast(EndpointAlertsArgs, {**asked, **(wanted.get("alerts") or {}), "pipelines": jobs})


def rule_files(object_name: str, endpoints: Mapping[str, pulumi.Output[str]]) -> dict[str, pulumi.Input[str]]:
    """Every rule file of a platform by its name: what `Monitoring` takes as `rules`.

    `endpoints` are the rule files of the endpoints by their names, `object_name` is the prefix of the
    platform's namespaces.
    """
    own: Any = PlatformAlerts(
        system_namespace=f"{object_name}-system", models_namespace=f"{object_name}-models"
    )
    files: dict[str, pulumi.Input[str]] = {PLATFORM_FILE: render_platform(own)}
    return files | {file_name(name): rules for name, rules in endpoints.items()}
