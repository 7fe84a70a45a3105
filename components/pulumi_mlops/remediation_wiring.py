"""What of a platform its receiver of alerts acts for, and who may tell it of them."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from pulumi_mlops import (
    checks,
    inputs,
    monitoring_wiring,
    object_store_pods,
    remediation_pods,
    remediation_rules,
)
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.labels import selector
from pulumi_mlops.monitoring_args import ReceiverArgs
from pulumi_mlops.pipeline import Pipeline
from pulumi_mlops.platform_args import PlatformArgs, PlatformRemediationArgs
from pulumi_mlops.platform_site import Site
from pulumi_mlops.remediation import Remediation
from pulumi_mlops.remediation_args import RemediationArgs
from pulumi_mlops.remediation_rules import RECEIVER, Rule, Target
from pulumi_mlops.shared_args import FlowArgs, StoreAccessArgs


def remediation(
    site: Site,
    wanted: PlatformRemediationArgs,
    store: StoreAccessArgs,
    to_store: list[FlowArgs],
    pipelines: Mapping[str, list[Pipeline]],
) -> RemediationArgs:
    """The receiver acts for every endpoint, Alertmanager may ask it to and Prometheus collects it.

    Raises `pulumi.InputPropertyError` for rules that could not be followed.
    """
    refuse_unfit(site.args, wanted)
    args: dict[str, Any] = {
        "object_name": RECEIVER,
        "namespace": site.system,
        "models_namespace": site.models,
        "image": site.args["images"]["pipeline"],
        "store": store,
        "token": inputs.text(site.args["secrets"], "remediation_token", inputs.any_text, within="secrets"),
        "endpoints": [endpoint["name"] for endpoint in site.args["endpoints"]],
        "jobs": {name: made[0].job_template for name, made in pipelines.items() if len(made) == 1},
        "allowed_ingress": [
            {
                "name": "alerts",
                "port": remediation_pods.PORT,
                "pods": dict(selector(config.ALERTMANAGER, config.ALERTMANAGER)),
            },
            {"name": "metrics", "port": remediation_pods.PORT, "pods": monitoring_wiring.collecting()},
        ],
        "allowed_egress": to_store,
    }
    return cast(RemediationArgs, args | dict(wanted))


def refuse_unfit(args: PlatformArgs, wanted: PlatformRemediationArgs) -> None:
    """Raise `pulumi.InputPropertyError` for rules that could not be followed on this platform."""
    targets = {
        endpoint["name"]: Target(
            sum(pipeline["endpoint"] == endpoint["name"] for pipeline in args["pipelines"]),
            _follows(endpoint.get("version")),
        )
        for endpoint in args["endpoints"]
    }
    rules = [Rule(rule["alert"], rule["action"], rule.get("endpoint")) for rule in wanted["rules"]]
    try:
        remediation_rules.refuse_unfit(rules, targets)
    except InvalidValue as error:
        raise pulumi.InputPropertyError("remediation", str(error)) from error


def store_ingress(site: Site) -> list[FlowArgs]:
    """The receiver's way to the object store."""
    if site.args.get("remediation") is None:
        return []
    pods: dict[str, pulumi.Input[str]] = {**selector(RECEIVER, RECEIVER)}
    return [{"name": "remediation", "port": object_store_pods.PORT, "pods": pods}]


def as_receiver(made: Remediation) -> ReceiverArgs:
    """How Alertmanager is told of it: no route names it, so it hears of everything."""
    return {"name": RECEIVER, "kind": "webhook", "url": made.url, "bearer_token": made.token}


def _follows(version: Any) -> bool:
    """A version that is not known yet may be `release`."""
    return version in (None, checks.FOLLOW_RELEASES) or isinstance(version, pulumi.Output)
