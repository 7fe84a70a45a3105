from __future__ import annotations

import pytest

from pulumi_mlops.aws import addon_values, eks_place
from pulumi_mlops.aws.eks_place import Place

PLACE = Place("risk", "eu-central-1", "123456789012")


def test_arns_are_known_before_the_parts_exist() -> None:
    assert PLACE.cluster_arn == "arn:aws:eks:eu-central-1:123456789012:cluster/risk"
    assert PLACE.queue_arn == "arn:aws:sqs:eu-central-1:123456789012:risk-interruptions"
    assert PLACE.rule_arn("health") == "arn:aws:events:eu-central-1:123456789012:rule/risk-on-health"
    assert PLACE.iam_arn("role", "pool-node") == (
        "arn:aws:iam::123456789012:role/risk-eu-central-1-pool-node"
    )
    assert PLACE.public_arn("ec2", "image/*") == "arn:aws:ec2:eu-central-1::image/*"


def test_the_partition_is_that_of_the_region() -> None:
    assert Place("risk", "us-gov-west-1", "123456789012").cluster_arn == (
        "arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/risk"
    )


@pytest.mark.parametrize(
    "suffix", [*addon_values.ROLES, "control-plane", "karpenter", "pool-node", "system-node"]
)
def test_the_longest_name_of_a_role_fits_into_iam(suffix: str) -> None:
    assert len(eks_place.account_name("a" * 30, "ap-southeast-1", suffix)) <= 64
