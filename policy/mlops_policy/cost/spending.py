"""What may be spent: a budget, a ceiling for each workload, an end to kept logs."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from mlops_policy.cost.machines import GpusConfig
from mlops_policy.cost.quantities import GIB, amount
from mlops_policy.kubernetes import scaling
from mlops_policy.kubernetes.objects import pod_spec
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.views import UnknownRead

BUDGET = "aws:budgets/budget:Budget"
_BY_THE_HOUR = (
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/instance:Instance",
    "aws:ec2/natGateway:NatGateway",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:sagemaker/endpoint:Endpoint",
)
_WORKLOADS = ("kubernetes:apps/*:Deployment", "kubernetes:apps/*:StatefulSet")


class PriceConfig(RuleConfig):
    """What a pod's requests cost.

    The defaults are AWS's prices on demand in eu-central-1 of 2026-11-28 (AWS Price List of EC2), from
    m7i.large, r7i.large and g6.xlarge, solved for one vCPU, one GiB and one GPU.
    """

    vcpu_hour: float = Field(default=0.04095, ge=0, description="US dollars for one vCPU an hour")
    gib_hour: float = Field(default=0.00486, ge=0, description="US dollars for one GiB of memory an hour")
    gpu_hour: float = Field(default=0.765, ge=0, description="US dollars for one GPU an hour")
    most_hour: float = Field(
        default=5.0, gt=0, description="most US dollars an hour of one workload with all its pods"
    )


class RetentionConfig(RuleConfig):
    """How long logs are kept."""

    most_days: int = Field(default=400, ge=1, description="most days that CloudWatch keeps logs")


def _has_budget(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    unknown: UnknownRead | None = None
    why = "the stack has no aws:budgets/budget:Budget"
    for budget in stack.of(BUDGET):
        kind, limit = budget.view.at("budgetType"), budget.view.at("limitAmount")
        try:
            if kind.text() != "COST":
                why = f"budgetType of {budget.name} is {kind.text() or 'not set'} and must be COST"
            elif amount(limit) > 0:
                return
            else:
                why = f"{limit.path} of {budget.name} must be more than 0"
        except UnknownRead as error:
            unknown = error
    if unknown is not None:
        raise unknown
    yield why


def _tells(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    notices = subject.view.at("notifications").items()
    if not notices:
        yield "notifications is not set"
    for notice in notices:
        told = [notice.key("subscriberSnsTopicArns"), notice.key("subscriberEmailAddresses")]
        if not any(each.texts() for each in told):
            yield f"{notice.path}.subscriberEmailAddresses is empty, and so is subscriberSnsTopicArns"


def _requested(workload: Resource, resource: str, *, limit: bool = False) -> tuple[float, bool]:
    """What all containers of one pod ask for, and whether each of them asks for some."""
    found = [
        amount(each.at("resources.limits" if limit else "resources.requests").key(resource))
        for each in pod_spec(workload).at("containers").items()
    ]
    return sum(found), all(found)


def _under_ceiling(subject: Subject, stack: Stack, config: PriceConfig) -> Iterator[str]:
    workload = subject.resource
    cores, cpu_said = _requested(workload, "cpu")
    memory, memory_said = _requested(workload, "memory")
    if not (cpu_said and memory_said):
        yield "a container has no resources.requests of cpu and memory, so nobody knows what a pod costs"
        return
    gpus, _ = _requested(workload, "nvidia.com/gpu", limit=True)
    pod = cores * config.vcpu_hour + memory / GIB * config.gib_hour + gpus * config.gpu_hour
    pods = scaling.most(workload, stack)
    if pods * pod > config.most_hour:
        yield (
            f"{pods} pods of {cores:g} vCPU, {memory / GIB:g} GiB and {gpus:g} GPUs cost {pods * pod:.2f} "
            f"USD an hour, {config.most_hour:.2f} is the most: resources.requests times maxReplicas"
        )


def _few_gpus(subject: Subject, stack: Stack, config: GpusConfig) -> Iterator[str]:
    gpus, _ = _requested(subject.resource, "nvidia.com/gpu", limit=True)
    if gpus and gpus * (pods := scaling.most(subject.resource, stack)) > config.most:
        yield f"{pods} pods with {gpus:g} GPUs each have more than {config.most}"


def _bounded(subject: Subject, stack: Stack, config: RetentionConfig) -> Iterator[str]:
    view = subject.view.at("retentionInDays")
    days = view.whole()
    if days > config.most_days:
        yield f"{view.path} is {days}; up to {config.most_days} are allowed"


RULES: tuple[Rule, ...] = (
    Rule(
        name="cost-budget",
        says="A stack with resources that are paid by the hour has a budget.",
        remedy="Add an aws:budgets/budget:Budget of type COST with a limit (mlops:aws.budget).",
        severity=Severity.MEDIUM,
        kinds=_BY_THE_HOUR,
        judge=_has_budget,
        across=True,
    ),
    Rule(
        name="cost-budget-notices",
        says="Somebody is told before a budget is spent.",
        remedy="Name who is told in every notification of the budget (mlops:aws.budget.notify).",
        severity=Severity.MEDIUM,
        kinds=(BUDGET,),
        judge=_tells,
    ),
    Rule(
        name="cost-ceiling",
        says="All pods that a workload may have together cost no more than the ceiling.",
        remedy="Lower maxReplicas or the requests, or raise mostHour of the rule after asking who pays.",
        severity=Severity.MEDIUM,
        kinds=_WORKLOADS,
        judge=_under_ceiling,
        across=True,
        config=PriceConfig,
    ),
    Rule(
        name="cost-gpus",
        says="All pods that a workload may have together have no more GPUs than are allowed.",
        remedy="Lower maxReplicas or the limit of nvidia.com/gpu.",
        severity=Severity.HIGH,
        kinds=_WORKLOADS,
        judge=_few_gpus,
        across=True,
        config=GpusConfig,
    ),
    Rule(
        name="cost-log-retention",
        says="Logs in CloudWatch are kept no longer than they are of use.",
        remedy="Lower retentionInDays.",
        severity=Severity.MEDIUM,
        kinds=("aws:cloudwatch/logGroup:",),
        judge=_bounded,
        config=RetentionConfig,
    ),
)
