"""Reads the arguments of node pools and of system nodes: every choice made, every value checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_mlops import checks, inputs
from pulumi_mlops.aws import eks_checks, node_pools
from pulumi_mlops.aws.eks_args import NodeKind
from pulumi_mlops.aws.node_pools import KINDS, Pool
from pulumi_mlops.errors import InvalidValue

SYSTEM_TYPES: Mapping[str, Sequence[str]] = {
    "amd64": ("m7i.large", "m6i.large", "m5.large"),
    "arm64": ("m7g.large", "m6g.large"),
}
"""Types of instances of the system nodes, by architecture, first choice first."""


@dataclass(frozen=True)
class SystemNodes:
    """The nodes that EKS keeps, with every choice made."""

    instance_types: Sequence[str]
    architecture: str
    least: int
    most: int
    disk_gib: int


def system_nodes(args: Mapping[str, Any], *, production: bool) -> SystemNodes:
    """The system nodes of a cluster's arguments.

    Raises:
        pulumi.InputPropertyError: a value is not allowed, or the most is less than the least.
    """
    path = "system_nodes"
    wanted: Mapping[str, Any] = args.get(path) or {}
    architecture = inputs.plain(wanted, "architecture", eks_checks.architecture, "amd64", within=path)
    types = _plain_list(wanted, "instance_types", eks_checks.instance_type, path)
    least = inputs.whole(wanted, "least", checks.positive, 3 if production else 2, within=path)
    most = inputs.whole(wanted, "most", checks.positive, least + 1, within=path)
    if most < least:
        raise pulumi.InputPropertyError(
            f"{path}.most", f"{most} nodes at most are less than {least} at least"
        )
    return SystemNodes(
        types or SYSTEM_TYPES[architecture],
        architecture,
        least,
        most,
        inputs.whole(wanted, "disk_gib", eks_checks.disk_gib, 50, within=path),
    )


def pools(args: Mapping[str, Any]) -> list[Pool]:
    """The pools of a cluster's arguments, by name.

    Raises:
        pulumi.InputPropertyError: a value is not allowed, a limit is missing, or no pool takes ordinary pods.
    """
    found = [_pool(name, wanted) for name, wanted in sorted(inputs.section(args, "pools").items())]
    try:
        eks_checks.open_pool([pool.kind for pool in found])
    except InvalidValue as error:
        raise pulumi.InputPropertyError("pools", str(error)) from error
    return found


def _pool(name: str, args: Mapping[str, Any]) -> Pool:
    path = f"pools.{name}"
    try:
        checks.object_name(name)
    except InvalidValue as error:
        raise pulumi.InputPropertyError("pools", str(error)) from error
    if not inputs.given(args, "kind"):
        raise pulumi.InputPropertyError(f"{path}.kind", "this argument is required and was not given")
    name_of_kind = NodeKind(args["kind"]).value
    kind = KINDS[name_of_kind]
    families = _plain_list(args, "families", eks_checks.instance_family, path)
    categories = _plain_list(args, "categories", eks_checks.instance_category, path)
    if families and categories:
        raise pulumi.InputPropertyError(
            f"{path}.families", "they stand in place of categories: give one of the two"
        )
    return Pool(
        name=name,
        kind=name_of_kind,
        cpu_limit=_limit(args, "cpu_limit", path),
        memory_limit=_memory_limit(args, path),
        gpu_limit=_gpu_limit(args, name_of_kind, path),
        categories=categories or kind.categories,
        families=families,
        architectures=_plain_list(args, "architectures", eks_checks.architecture, path) or ["amd64"],
        zones=_plain_list(args, "zones", inputs.any_text, path),
        disk_gib=inputs.whole(args, "disk_gib", eks_checks.disk_gib, kind.disk_gib, within=path),
        expire_after=inputs.plain(args, "expire_after", eks_checks.lifetime, "720h", within=path),
        consolidate_after=inputs.plain(
            args, "consolidate_after", eks_checks.lifetime, kind.consolidate_after, within=path
        ),
        drain_within=inputs.plain(args, "drain_within", eks_checks.drain, "30m", within=path),
        budgets=_budgets(args, path),
    )


def _limit(args: Mapping[str, Any], key: str, path: str) -> int:
    if not inputs.given(args, key):
        raise pulumi.InputPropertyError(
            f"{path}.{key}",
            "a pool without this limit has no bound on its cost; give the most that it may grow to",
        )
    return int(inputs.whole(args, key, checks.positive, within=path))


def _memory_limit(args: Mapping[str, Any], path: str) -> str:
    if not inputs.given(args, "memory_limit"):
        raise pulumi.InputPropertyError(
            f"{path}.memory_limit",
            "a pool without this limit has no bound on its cost; give the most that it may grow to: 256Gi",
        )
    return inputs.plain(args, "memory_limit", checks.bytes_quantity, within=path)


def _gpu_limit(args: Mapping[str, Any], kind: str, path: str) -> int | None:
    if kind == node_pools.GPU:
        return _limit(args, "gpu_limit", path)
    if inputs.given(args, "gpu_limit"):
        raise pulumi.InputPropertyError(
            f"{path}.gpu_limit", f"a pool of kind {kind} has no GPUs; leave it out"
        )
    return None


def _budgets(args: Mapping[str, Any], path: str) -> list[dict[str, str]]:
    budgets = []
    for number, wanted in enumerate(args.get("disruption") or [{"nodes": "10%"}]):
        within = f"{path}.disruption[{number}]"
        budget = {"nodes": inputs.plain(wanted, "nodes", eks_checks.nodes_at_once, within=within)}
        if inputs.given(wanted, "schedule") != inputs.given(wanted, "duration"):
            raise pulumi.InputPropertyError(
                within, "schedule and duration go together: when the budget begins and how long it holds"
            )
        if inputs.given(wanted, "schedule"):
            budget["schedule"] = inputs.plain(wanted, "schedule", checks.cron_schedule, within=within)
            budget["duration"] = inputs.plain(wanted, "duration", eks_checks.drain, within=within)
        budgets.append(budget)
    return budgets


def _plain_list(args: Mapping[str, Any], key: str, check: Any, path: str) -> list[str]:
    values = args.get(key) or []
    by_place = {f"{key}[{number}]": value for number, value in enumerate(values)}
    return [inputs.plain(by_place, place, check, within=path) for place in by_place]
