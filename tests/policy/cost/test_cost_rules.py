"""The five cases of each rule about cost, and what their settings do."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from mlops_policy.catalog import FAMILIES
from mlops_policy.cost.machines import size_rank
from mlops_policy.cost.spending import PriceConfig
from mlops_policy.cost.tags import TagsConfig
from mlops_policy.rules import Rule
from mlops_policy.testing import Sample, changed, judged, problems
from mlops_policy.views import MISSING
from policy_family_samples import TAGS, autoscaler, container, endpoint, kube, made, node_pool
from pulumi_mlops.aws import aws_tags

PRICES = Path(__file__).parents[3] / "stacks" / "mlops_stacks" / "cost" / "prices.json"
RULES = FAMILIES["cost"]
BY_NAME = {rule.name: rule for rule in RULES}
CATEGORY = "karpenter.k8s.aws/instance-category"
BUCKET = made("aws:s3/bucket:Bucket", {"tags": TAGS})
BUDGET = made(
    "aws:budgets/budget:Budget",
    {
        "budgetType": "COST",
        "limitAmount": "500.0",
        "notifications": [{"subscriberEmailAddresses": ["risk@example.com"]}],
    },
)
CLUSTER = made("aws:eks/cluster:Cluster", {"name": "mlops"})
SAMPLES = {
    "cost-required-tags": Sample((BUCKET,), "tags", bad={"mlops:owner": "risk"}),
    "cost-expiry": Sample((BUCKET,), "tags.mlops:expires", bad="2025-12-31", config={"production": False}),
    "cost-machine-types": Sample(
        (made("aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["m7i.large"]}),),
        "instanceTypes[0]",
        bad="p5.48xlarge",
        absent_is_good=True,
    ),
    "cost-database-class": Sample(
        (made("aws:rds/instance:Instance", {"instanceClass": "db.t4g.medium"}),),
        "instanceClass",
        bad="db.r7g.16xlarge",
    ),
    "cost-node-pool-types": Sample(
        (node_pool({CATEGORY: ["c", "m"]}, {}),),
        "spec.template.spec.requirements[0].values",
        bad=["c", "u"],
    ),
    "cost-node-pool-limits": Sample(
        (node_pool({CATEGORY: ["c"]}, {"cpu": "96", "memory": "384Gi"}),), "spec.limits.cpu", bad="1000"
    ),
    "cost-node-pool-gpus": Sample(
        (node_pool({CATEGORY: ["g"]}, {"cpu": "96", "nvidia.com/gpu": "4"}),),
        "spec.limits",
        bad={"cpu": "96"},
    ),
    "cost-budget": Sample((BUDGET, CLUSTER), "limitAmount", bad="0"),
    "cost-budget-notices": Sample((BUDGET,), "notifications[0].subscriberEmailAddresses", bad=[]),
    "cost-ceiling": Sample((autoscaler(), endpoint()), "spec.maxReplicas", bad=200, absent_is_good=True),
    "cost-gpus": Sample(
        (
            autoscaler(),
            endpoint(
                resources={"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"nvidia.com/gpu": "2"}}
            ),
        ),
        "spec.maxReplicas",
        bad=5,
        absent_is_good=True,
    ),
    "cost-log-retention": Sample(
        (made("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 90}),),
        "retentionInDays",
        bad=3653,
        absent_is_good=True,
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_about_cost_comes_out_in_all_five_cases(rule: Rule) -> None:
    assert problems(rule, SAMPLES[rule.name]) == []


def test_the_required_tags_are_those_that_the_components_set() -> None:
    assert TagsConfig().required == aws_tags.REQUIRED


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-01-01", []),
        ("2025-12-31", ["tags.mlops:expires is 2025-12-31, which is past"]),
        ("2028-01-02", ["tags.mlops:expires is 2028-01-02, in 731 days; 730 are allowed"]),
        ("soon", ["tags.mlops:expires is 'soon' and must be a day such as 2027-06-30"]),
        (MISSING, ["tags lacks mlops:expires"]),
    ],
)
def test_an_environment_ends_on_a_day_to_come(day: object, said: list[str]) -> None:
    bucket = changed(BUCKET, "tags.mlops:expires", day)
    rule, today = BY_NAME["cost-expiry"], datetime.date(2026, 1, 1)
    found = judged(rule, [bucket], {"production": False}, today=today)
    assert [each.message for each in found] == said
    assert judged(rule, [bucket], {"production": True}, today=today) == []


def test_what_a_launch_template_and_karpenter_make_is_tagged_too() -> None:
    template = made(
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"tags": TAGS, "tagSpecifications": [{"resourceType": "instance", "tags": TAGS}]},
    )
    node_class = kube("karpenter.k8s.aws/v1:EC2NodeClass", {})
    group = made(
        "aws:autoscaling/group:Group", {"tags": [{"key": key, "value": "x"} for key in list(TAGS)[1:]]}
    )
    creation = made("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", {"resourceTags": {}})
    every = ", ".join(aws_tags.REQUIRED)
    found = judged(BY_NAME["cost-required-tags"], [template, node_class, group, creation])
    assert [each.message for each in found] == [
        f"tagSpecifications of volume lacks {every}",
        f"spec.tags lacks {every}",
        "tags lacks mlops:environment",
        f"resourceTags lacks {every}",
    ]


def test_what_takes_no_tags_and_components_need_none() -> None:
    bare = [made("aws:ec2/route:Route", {}), made("mlops:index:Network", {}), made("aws:s3/chest:Chest", {})]
    assert judged(BY_NAME["cost-required-tags"], bare) == []


def test_sizes_are_in_their_order() -> None:
    sizes = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "24xlarge", "metal"]
    assert sorted(sizes, key=size_rank) == sizes


def test_a_pool_must_say_what_it_chooses_from() -> None:
    found = judged(BY_NAME["cost-node-pool-types"], [node_pool({"kubernetes.io/os": ["linux"]}, {})])
    assert [each.message for each in found] == [
        "spec.template.spec.requirements has no karpenter.k8s.aws/instance-category, "
        "karpenter.k8s.aws/instance-family or node.kubernetes.io/instance-type with operator In, so any "
        "machine may be made"
    ]
    types = node_pool({"node.kubernetes.io/instance-type": ["m7i.large", "p5.48xlarge"]}, {})
    [one] = judged(BY_NAME["cost-node-pool-types"], [types])
    assert one.message.startswith(
        "spec.template.spec.requirements[0].values: p5.48xlarge: its family is none of"
    )


def test_a_workload_costs_its_pods_times_their_requests() -> None:
    rule = BY_NAME["cost-ceiling"]
    [one] = judged(rule, [endpoint(), autoscaler(most=12)], {"mostHour": 0.6})
    assert one.message == (
        "12 pods of 1 vCPU, 2 GiB and 0 GPUs cost 0.61 USD an hour, 0.60 is the most: "
        "resources.requests times maxReplicas"
    )
    keda = kube(
        "keda.sh/v1alpha1:ScaledObject", {"scaleTargetRef": {"name": "mortgage"}, "maxReplicaCount": 13}
    )
    assert [each.message[:7] for each in judged(rule, [endpoint(), keda], {"mostHour": 0.6})] == ["13 pods"]
    assert judged(rule, [endpoint()], {"mostHour": 0.06}) == []
    silent = endpoint(resources={})
    assert [each.message for each in judged(rule, [silent])] == [
        "a container has no resources.requests of cpu and memory, so nobody knows what a pod costs"
    ]
    assert container()["resources"] == {"requests": {"cpu": "1", "memory": "2Gi"}}


def test_the_default_prices_are_those_of_aws_in_the_price_table() -> None:
    known = json.loads(PRICES.read_text())
    assert known["date"] == "2026-11-28"
    hour = known["regions"]["eu-central-1"]["instances"]["prices"]
    gib = (hour["r7i.large"] - hour["m7i.large"]) / 8
    vcpu = (hour["m7i.large"] - 8 * gib) / 2
    gpu = hour["g6.xlarge"] - 4 * vcpu - 16 * gib
    config = PriceConfig()
    assert (config.vcpu_hour, config.gib_hour, config.gpu_hour) == (
        pytest.approx(vcpu, rel=1e-3),
        pytest.approx(gib, rel=1e-3),
        pytest.approx(gpu, rel=1e-3),
    )
