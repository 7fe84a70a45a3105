"""Karpenter and its pools: it makes nodes when pods need them and removes them when they do not.

Order of a destroy.  A pool is deleted in the foreground, so its deletion ends when its nodes have drained
and their instances are gone; a node drains for `drain_within` at most.  Its node class holds on by
Karpenter's own finalizer as long as a node of it exists.  Only then goes Karpenter, which did all this, and
only then the nodes it ran on.  None of these is skipped because the cluster goes too: they own instances that
would outlive it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.helm.v3 import Release

from pulumi_mlops import inputs
from pulumi_mlops.aws import (
    eks_checks,
    eks_place,
    eks_policies,
    eks_site,
    eks_versions,
    iam_policy,
    karpenter_values,
    node_pools,
)
from pulumi_mlops.aws.eks_site import MadeRole, Site
from pulumi_mlops.aws.node_group import node_role
from pulumi_mlops.aws.node_pools import Pool

Options = Callable[..., pulumi.ResourceOptions]
"""Makes the options of an object in the cluster: parent and provider, and what is added."""


@dataclass(frozen=True)
class Grounds:
    """What Karpenter stands on in the account."""

    node_role: aws.iam.Role
    profile: aws.iam.InstanceProfile
    queue: aws.sqs.Queue
    ready: Sequence[pulumi.Resource]


@dataclass(frozen=True)
class ChartSource:
    """Where Karpenter's charts and image come from, and whether it reaches the list of prices."""

    version: str
    charts: str
    image_repository: str | None
    isolated: bool


def chart_source(args: Mapping[str, Any]) -> ChartSource:
    """The source in a cluster's arguments.

    Raises:
        pulumi.InputPropertyError: the version is none.
    """
    path = "karpenter"
    wanted: Mapping[str, Any] = args.get(path) or {}
    return ChartSource(
        inputs.plain(wanted, "version", eks_checks.chart_version, eks_versions.KARPENTER, within=path),
        inputs.plain(wanted, "charts", inputs.any_text, karpenter_values.CHARTS, within=path),
        wanted.get("image_repository"),
        bool(args.get("isolated")),
    )


def grounds(site: Site, cluster: aws.eks.Cluster) -> Grounds:
    """Register the role and profile of its nodes, its queue of interruptions, and its own role."""
    nodes = node_role(site, eks_place.POOL_NODE)
    profile = aws.iam.InstanceProfile(
        site.child("pool-node-profile"),
        name=site.account_name(eks_place.POOL_NODE),
        role=nodes.role.name,
        tags=site.tags("pool-node"),
        opts=site.options(),
    )
    entry = aws.eks.AccessEntry(
        site.child("pool-node-entry"),
        cluster_name=cluster.name,
        principal_arn=nodes.role.arn,
        type="EC2_LINUX",
        tags=site.tags("pool-node-entry"),
        opts=site.options(deleted_with=cluster),
    )
    queue, queue_ready = _interruptions(site)
    controller = _controller(site)
    association = aws.eks.PodIdentityAssociation(
        site.child("karpenter-identity"),
        cluster_name=cluster.name,
        namespace=karpenter_values.NAMESPACE,
        service_account=karpenter_values.SERVICE_ACCOUNT,
        role_arn=controller.role.arn,
        tags=site.tags("karpenter-identity"),
        opts=site.options(deleted_with=cluster),
    )
    ready = [entry, association, *nodes.rights, *queue_ready, *controller.rights]
    return Grounds(nodes.role, profile, queue, ready)


def controller(
    site: Site,
    cluster: aws.eks.Cluster,
    source: ChartSource,
    found: Grounds,
    options: Options,
    after: Sequence[pulumi.Resource],
) -> Release:
    """Register Karpenter's definitions and Karpenter, on the system nodes, after what it needs to work."""
    definitions = Release(
        site.child("karpenter-crd"),
        name="karpenter-crd",
        chart=f"{source.charts}/karpenter-crd",
        version=source.version,
        namespace=karpenter_values.NAMESPACE,
        opts=options(depends_on=[*after, *found.ready]),
    )
    values = pulumi.Output.all(cluster.endpoint, found.queue.name).apply(
        lambda known: karpenter_values.values(
            site.cluster_name,
            known[0],
            known[1],
            site.ground["region"],
            isolated=source.isolated,
            image_repository=source.image_repository,
        )
    )
    return Release(
        site.child("karpenter"),
        name="karpenter",
        chart=f"{source.charts}/karpenter",
        version=source.version,
        namespace=karpenter_values.NAMESPACE,
        skip_crds=True,
        atomic=True,
        timeout=600,
        values=values,
        opts=options(depends_on=[definitions]),
    )


def register_pools(
    site: Site, pools: Sequence[Pool], ground: node_pools.Ground, options: Options, running: Release
) -> list[pulumi.Resource]:
    """Register every pool with its class; a deletion waits for the pool's nodes."""
    patient = pulumi.CustomTimeouts(delete="60m")
    made: list[pulumi.Resource] = []
    for pool in pools:
        node_class = CustomResource(
            site.child(f"{pool.name}-class"),
            opts=options(depends_on=[running], custom_timeouts=patient),
            **node_pools.node_class(pool, ground),
        )
        made.append(
            CustomResource(
                site.child(f"{pool.name}-pool"),
                opts=options(depends_on=[node_class], custom_timeouts=patient),
                **node_pools.node_pool(pool),
            )
        )
    return made


def _controller(site: Site) -> MadeRole:
    region = site.ground["region"]
    return eks_site.role(
        site,
        "karpenter",
        iam_policy.trust_pod_identity(),
        policies={
            "nodes": site.text(eks_policies.karpenter_nodes),
            "world": site.text(eks_policies.karpenter_world),
            "volumes-key": pulumi.Output.from_input(site.key_arn).apply(
                lambda key: eks_policies.volumes_key(key, region)
            ),
        },
    )


def _interruptions(site: Site) -> tuple[aws.sqs.Queue, list[pulumi.Resource]]:
    """The queue into which EventBridge puts what is about to happen to instances."""
    queue = aws.sqs.Queue(
        site.child("interruptions"),
        name=site.regional_name(eks_place.INTERRUPTIONS),
        message_retention_seconds=300,
        sqs_managed_sse_enabled=True,
        tags=site.tags("interruptions"),
        opts=site.options(),
    )
    rules = {
        name: aws.cloudwatch.EventRule(
            site.child(f"on-{name}"),
            name=site.regional_name(eks_place.rule_suffix(name)),
            event_pattern=pattern,
            description=f"{name} of instances, for Karpenter of {site.cluster_name}",
            tags=site.tags(f"on-{name}"),
            opts=site.options(),
        )
        for name, pattern in karpenter_values.EVENTS.items()
    }
    policy = aws.sqs.QueuePolicy(
        site.child("interruptions-policy"),
        queue_url=queue.url,
        policy=site.text(lambda place: eks_policies.interruption_queue(place, list(rules))),
        opts=site.options(),
    )
    targets = [
        aws.cloudwatch.EventTarget(
            site.child(f"on-{name}-target"),
            rule=rule.name,
            target_id="karpenter",
            arn=queue.arn,
            opts=site.options(),
        )
        for name, rule in rules.items()
    ]
    return queue, [policy, *targets]
