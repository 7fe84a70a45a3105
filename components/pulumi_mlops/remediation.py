"""What answers alerts: a receiver for Alertmanager that retrains a model or rolls back a release."""

from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from pulumi_mlops import (
    checks,
    inputs,
    manifests,
    network_flows,
    remediation_pods,
    remediation_rules,
    rights,
)
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.placement import Placement
from pulumi_mlops.remediation_args import RemediationArgs


class Remediation(pulumi.ComponentResource):
    """A receiver of alerts with the rights of its two actions; a dry run unless it is told otherwise."""

    url: pulumi.Output[str]
    """Where Alertmanager sends alerts, inside the cluster."""
    token: pulumi.Output[str]
    """Bearer token that it must show, secret."""

    def __init__(self, name: str, args: RemediationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Remediation", name, {}, opts)
        self._name = name
        place = inputs.placement(name, "remediation", args)
        self.token = inputs.secret(args, "token")
        policy = _policy(args)
        keys = {**inputs.store_key(args), "MLOPS_REMEDIATION_TOKEN": self.token}
        secret = Secret(
            f"{name}-keys",
            metadata=place.metadata(),
            string_data=keys,
            opts=self._child(),
        )
        jobs = ConfigMap(f"{name}-jobs", metadata=place.metadata(), data=_job_files(args), opts=self._child())
        before = [secret, jobs, *self._rights(args, place), *self._flows(args, place)]
        url, region, bucket = inputs.store_place(args)
        env = {
            "MLOPS_REMEDIATION": policy,
            "MLOPS_REMEDIATION_JOBS": remediation_pods.JOBS,
            "MLOPS_STORE_URL": url,
            "MLOPS_STORE_BUCKET": bucket,
            "AWS_REGION": region,
        }
        Deployment(
            f"{name}-receiver",
            opts=self._child(before),
            **remediation_pods.receiver(
                place,
                inputs.text(args, "image", checks.image_by_digest),
                env,
                keys,
                inputs.digest(list(keys.values())),
                inputs.resources(args, cpu="10m", memory="96Mi", memory_limit="256Mi"),
            ),
        )
        port = remediation_pods.PORT
        Service(
            f"{name}-service",
            opts=self._child(),
            **manifests.service(place.metadata(), place.selector, port, "http"),
        )
        self.url = pulumi.Output.concat(
            "http://", place.name, ".", place.namespace, f".svc:{port}{remediation_pods.PATH}"
        )
        self.register_outputs({"url": self.url, "token": self.token})

    def _rights(self, args: RemediationArgs, place: Placement) -> list[pulumi.Resource]:
        models = inputs.text(args, "models_namespace", inputs.any_text)
        meta = manifests.metadata(place.name, models, place.labels)
        account = ServiceAccount(
            f"{self._name}-account", opts=self._child(), **manifests.service_account(place.metadata())
        )
        role = Role(
            f"{self._name}-role", opts=self._child(), **rights.role(meta, remediation_pods.job_rules())
        )
        bound = RoleBinding(
            f"{self._name}-binding",
            opts=self._child([role]),
            **rights.binding(meta, "Role", place.name, place.name, place.namespace),
        )
        return [account, role, bound]

    def _flows(self, args: RemediationArgs, place: Placement) -> list[pulumi.Resource]:
        ingress = [network_flows.ingress(flow) for flow in inputs.flows(args, "allowed_ingress")]
        egress = [network_flows.egress(flow) for flow in inputs.flows(args, "allowed_egress")]
        egress += [] if inputs.store_key(args) else [network_flows.to_credentials()]
        policy = NetworkPolicy(
            f"{self._name}-flows",
            opts=self._child(),
            **network_flows.policy(
                place.metadata(), place.selector, ingress, [*network_flows.to_api_server(), *egress]
            ),
        )
        return [policy]

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def _policy(args: RemediationArgs) -> pulumi.Output[str]:
    """What the receiver reads from MLOPS_REMEDIATION."""
    dry_run = args.get("dry_run")
    return pulumi.Output.json_dumps(
        {
            "dry_run": True if dry_run is None else dry_run,
            "max_actions_per_hour": inputs.whole(
                args, "max_actions_per_hour", checks.positive, remediation_rules.ACTIONS_PER_HOUR
            ),
            "rules": [_rule(args, number) for number in range(len(inputs.section(args, "rules")))],
            "endpoints": list(inputs.section(args, "endpoints")),
        }
    )


def _rule(args: RemediationArgs, number: int) -> dict[str, Any]:
    rule, path = args["rules"][number], f"rules[{number}]"
    made = {
        "alert": inputs.plain(rule, "alert", remediation_rules.alert, within=path),
        "action": inputs.plain(rule, "action", remediation_rules.action, within=path),
        "cooldown_seconds": inputs.whole(
            rule,
            "cooldown_seconds",
            remediation_rules.cooldown_seconds,
            remediation_rules.COOLDOWN_SECONDS,
            within=path,
        ),
    }
    if inputs.given(rule, "endpoint"):
        made["endpoint"] = inputs.plain(rule, "endpoint", checks.object_name, within=path)
    if inputs.given(rule, "within_seconds"):
        try:
            remediation_rules.refuse_age(made["action"])
        except InvalidValue as error:
            raise pulumi.InputPropertyError(f"{path}.within_seconds", str(error)) from error
    if made["action"] == remediation_rules.ROLLBACK:
        made["within_seconds"] = inputs.whole(
            rule, "within_seconds", checks.positive, remediation_rules.WITHIN_SECONDS, within=path
        )
    return made


def _job_files(args: RemediationArgs) -> dict[str, Any]:
    jobs = inputs.named_texts(args, "jobs", checks.object_name)
    return {f"{endpoint}.json": text for endpoint, text in jobs.items()}
