"""Which machines may be made, and how many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import Field

from mlops_policy.cost.quantities import amount
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.views import View

NODE_POOL = "kubernetes:karpenter.sh/*:NodePool"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_GPU_LIMIT = "nvidia.com/gpu"
_GPU_CATEGORIES = frozenset({"g", "p"})
_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge")
_FAMILY, _TYPE, _CATEGORY = (
    "karpenter.k8s.aws/instance-family",
    "node.kubernetes.io/instance-type",
    "karpenter.k8s.aws/instance-category",
)


class MachinesConfig(RuleConfig):
    """Families and sizes of EC2 and RDS."""

    families: tuple[str, ...] = Field(
        default=(
            *("t3", "t3a", "t4g"),
            *("m6a", "m6g", "m6i", "m7a", "m7g", "m7i", "m8g"),
            *("c6a", "c6g", "c6i", "c7a", "c7g", "c7i", "c8g"),
            *("r6a", "r6g", "r6i", "r7a", "r7g", "r7i", "r8g"),
            *("g4dn", "g5", "g6"),
        ),
        description="families, such as m7i, of machines, and of databases without their db.",
    )
    largest: str = Field(
        default="4xlarge",
        pattern="^(nano|micro|small|medium|large|[0-9]*xlarge)$",
        description="largest size",
    )


class PoolsConfig(MachinesConfig):
    """What a node pool may choose from."""

    categories: tuple[str, ...] = Field(
        default=("c", "g", "m", "r", "t"), description="categories of machines a node pool may choose from"
    )


class LimitsConfig(RuleConfig):
    """How large a node pool may grow."""

    most_cpu: int = Field(default=256, ge=1, description="most vCPUs of one node pool")
    most_memory_gib: int = Field(default=1024, ge=1, description="most GiB of memory of one node pool")


class GpusConfig(RuleConfig):
    """How many GPUs there may be."""

    most: int = Field(default=8, ge=0, description="most GPUs of one node pool, and of one workload")


def size_rank(size: str) -> float:
    """Sizes in their order; metal is above all."""
    if size in _SIZES:
        return float(_SIZES.index(size))
    count = size.removesuffix("xlarge")
    return _SIZES.index("xlarge") + float(count) if size.endswith("xlarge") and count.isdigit() else 1e9


def refused(kind: str, config: MachinesConfig) -> str:
    """Why a type such as m7i.large or db.t4g.micro is not allowed; "" where it is."""
    family, _, size = kind.removeprefix("db.").partition(".")
    if family not in config.families:
        return f"its family is none of {', '.join(config.families)}"
    if size_rank(size) > size_rank(config.largest):
        return f"{config.largest} is the largest allowed"
    return ""


def _types(resource: Resource) -> Iterable[View]:
    if resource.type == NODE_GROUP:
        return resource.view.at("instanceTypes").items()
    return [resource.view.at("instanceType")]


def _type_allowed(subject: Subject, stack: Stack, config: MachinesConfig) -> Iterator[str]:
    kind = subject.view.text()
    # What a node group or launch template leaves open the other of the two says.
    if kind and (why := refused(kind, config)):
        yield f"{subject.view.path} is {kind}: {why}"


def _class_allowed(subject: Subject, stack: Stack, config: MachinesConfig) -> Iterator[str]:
    view = subject.view.at("instanceClass")
    if why := refused(view.text(), config):
        yield f"{view.path} is {view.text() or 'not set'}: {why}"


def _chosen(pool: View) -> dict[str, tuple[View, list[str]]]:
    """What a node pool asks machines to be one of, by the label of the machines."""
    found = {}
    for each in pool.at("spec.template.spec.requirements").items():
        if each.key("operator").text() == "In":
            found[each.key("key").text()] = (each.key("values"), each.key("values").texts())
    return found


def _pool_allowed(subject: Subject, stack: Stack, config: PoolsConfig) -> Iterator[str]:
    chosen = _chosen(subject.view)
    for key, allowed in ((_FAMILY, config.families), (_CATEGORY, config.categories)):
        if key in chosen:
            view, values = chosen[key]
            if not values or set(values) - set(allowed):
                yield f"{view.path} of {key} must be some of {', '.join(allowed)}"
    if _TYPE in chosen:
        view, values = chosen[_TYPE]
        yield from (f"{view.path}: {kind}: {why}" for kind in values if (why := refused(kind, config)))
    if not {_FAMILY, _TYPE, _CATEGORY} & set(chosen):
        yield (
            f"spec.template.spec.requirements has no {_CATEGORY}, {_FAMILY} or {_TYPE} with operator In, so "
            "any machine may be made"
        )


def _limited(subject: Subject, stack: Stack, config: LimitsConfig) -> Iterator[str]:
    limits = subject.view.at("spec.limits")
    for key, most, unit in (("cpu", config.most_cpu, 1), ("memory", config.most_memory_gib, 2**30)):
        view = limits.key(key)
        found = amount(view) / unit
        if not found:
            yield f"{view.path} is not set, so the pool has no bound"
        elif found > most:
            yield f"{view.path} is {view.text()}; {most}{'Gi' if unit > 1 else ''} is the most"


def _gpus_limited(subject: Subject, stack: Stack, config: GpusConfig) -> Iterator[str]:
    chosen = _chosen(subject.view)
    kinds = [kind for key in (_FAMILY, _TYPE, _CATEGORY) for kind in chosen.get(key, (None, []))[1]]
    # Families of GPUs begin with the letter of their category, and no other family does.
    if any(kind[:1] in _GPU_CATEGORIES for kind in kinds):
        view = subject.view.at("spec.limits").key(_GPU_LIMIT)
        found = amount(view)
        if not view.given:
            yield f"{view.path} is not set, although the pool may make machines with GPUs"
        elif found > config.most:
            yield f"{view.path} is {found:g}; {config.most} are the most"


RULES: tuple[Rule, ...] = (
    Rule(
        name="cost-machine-types",
        says="Machines are of families and sizes that are allowed.",
        remedy="Choose a smaller or another type, or have the type added to the rule's families.",
        severity=Severity.MEDIUM,
        kinds=(NODE_GROUP, "aws:ec2/launchTemplate:", "aws:ec2/instance:", "aws:ec2/launchConfiguration:"),
        judge=_type_allowed,
        parts=_types,
        config=MachinesConfig,
    ),
    Rule(
        name="cost-database-class",
        says="Databases are of families and sizes that are allowed.",
        remedy="Choose a smaller or another instanceClass, or have it added to the rule's families.",
        severity=Severity.MEDIUM,
        kinds=("aws:rds/instance:", "aws:rds/clusterInstance:"),
        judge=_class_allowed,
        config=MachinesConfig,
    ),
    Rule(
        name="cost-node-pool-types",
        says="A node pool chooses among machines that are allowed.",
        remedy="Require an instance category, family or type of the allowed ones with operator In.",
        severity=Severity.MEDIUM,
        kinds=(NODE_POOL,),
        judge=_pool_allowed,
        config=PoolsConfig,
    ),
    Rule(
        name="cost-node-pool-limits",
        says="A node pool has limits of CPU and memory: they are its budget.",
        remedy="Set spec.limits.cpu and .memory (cpuLimit and memoryLimit of mlops:cluster.pools).",
        severity=Severity.HIGH,
        kinds=(NODE_POOL,),
        judge=_limited,
        config=LimitsConfig,
    ),
    Rule(
        name="cost-node-pool-gpus",
        says="A node pool that may make machines with GPUs has a limit of them.",
        remedy=f"Set spec.limits of {_GPU_LIMIT} (gpuLimit of mlops:cluster.pools), or use none.",
        severity=Severity.HIGH,
        kinds=(NODE_POOL,),
        judge=_gpus_limited,
        config=GpusConfig,
    ),
)
