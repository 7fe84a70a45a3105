"""Argument types of Remediation. Data only; no future annotations, Pulumi reads them."""

from typing import NotRequired, TypedDict

import pulumi

from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs


class RemediationRuleArgs(TypedDict):
    """Which action an alert leads to."""

    alert: str
    """Name of an alert about an endpoint, such as `MlopsInputDrift`."""
    action: str
    """`retrain` or `rollback`."""
    endpoint: NotRequired[str]
    """The endpoint it is for; without it, all that have no rule of their own for this alert."""
    cooldown_seconds: NotRequired[pulumi.Input[int]]
    """Shortest time between two actions about this alert of one endpoint; 3600 by default, 60 at least."""
    within_seconds: NotRequired[pulumi.Input[int]]
    """Greatest age of a release that is rolled back, when the alert began; 86400 by default."""


class RemediationArgs(TypedDict):
    """Arguments of Remediation."""

    namespace: pulumi.Input[str]
    """Namespace of its objects."""
    models_namespace: pulumi.Input[str]
    """Namespace in which it may start Jobs."""
    image: pulumi.Input[str]
    """Image of the pipelines, by digest."""
    store: StoreAccessArgs
    """The object store with the release logs, with a key that may write."""
    token: pulumi.Input[str]
    """Bearer token that senders must show, 16 characters at least; kept a secret in the state."""
    rules: list[RemediationRuleArgs]
    """What to do about which alert."""
    endpoints: list[pulumi.Input[str]]
    """The endpoints it acts for; alerts about others are ignored."""
    jobs: NotRequired[dict[str, pulumi.Input[str]]]
    """By endpoint, the Job that retrains its model: output `job_template` of a Pipeline."""
    dry_run: NotRequired[bool]
    """Whether it only records what it would do; True by default."""
    max_actions_per_hour: NotRequired[pulumi.Input[int]]
    """Most actions in an hour, all together; 4 by default."""
    allowed_ingress: NotRequired[list[FlowArgs]]
    """Who may send alerts, to port 8080."""
    allowed_egress: NotRequired[list[FlowArgs]]
    """Where the object store is; the API server is allowed anyway."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory."""
    object_name: NotRequired[str]
    """Name of its objects; the component's name by default."""
