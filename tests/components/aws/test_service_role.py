from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from iam_evaluator import trusts
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import iam_policy
from pulumi_mlops.aws.service_role import ServiceRole
from recording_engine import Recording, registered

TAGS = {"mlops:environment": "prod"}
GROUND = {
    "region": "eu-central-1",
    "account_id": "111122223333",
    "tags": TAGS,
    "permissions_boundary_arn": "arn:aws:iam::111122223333:policy/boundary",
}
ARGS: dict[str, Any] = {
    "ground": GROUND,
    "cluster_name": "prod",
    "namespace": "models",
    "service_account": "price",
    "policy": '{"Version": "2012-10-17", "Statement": []}',
}
SERVICE = "pods.eks.amazonaws.com"
TRUST = iam_policy.trust_pod_identity(
    cluster_arn="arn:aws:eks:eu-central-1:111122223333:cluster/prod",
    namespace="models",
    service_account="price",
)
SESSION = {
    "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-central-1:111122223333:cluster/prod",
    "aws:RequestTag/kubernetes-namespace": "models",
    "aws:RequestTag/kubernetes-service-account": "price",
}


def made(**changes: Any) -> Recording:
    return registered(lambda: ServiceRole("price", {**ARGS, **changes}))


def test_a_role_its_rights_and_one_association_are_registered() -> None:
    role = made()
    assert [(each.type, each.name, each.parent) for each in role.resources] == [
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "price-association", "price"),
        ("aws:iam/role:Role", "price-role", "price"),
        ("aws:iam/rolePolicy:RolePolicy", "price-policy", "price"),
        ("mlops:index:ServiceRole", "price", ""),
    ]
    assert role.of("Role").inputs == {
        "namePrefix": "price-",
        "description": "Pods of models/price on cluster prod",
        "assumeRolePolicy": TRUST,
        "permissionsBoundary": "arn:aws:iam::111122223333:policy/boundary",
        "maxSessionDuration": 3600,
        "forceDetachPolicies": True,
        "tags": {**TAGS, "Name": "price"},
    }
    assert role.of("RolePolicy").inputs == {
        "name": "rights",
        "role": "price-role-id",
        "policy": ARGS["policy"],
    }
    assert role.of("PodIdentityAssociation").inputs == {
        "clusterName": "prod",
        "namespace": "models",
        "serviceAccount": "price",
        "disableSessionTags": False,
        "tags": {**TAGS, "Name": "price"},
    }
    assert role.of("PodIdentityAssociation").dependencies == ("price-policy",)


def test_without_a_policy_the_role_may_do_nothing() -> None:
    assert made(policy=None).names_of("RolePolicy") == []


def test_pods_of_this_account_on_this_cluster_have_the_role_and_nobody_else() -> None:
    for action in ("sts:AssumeRole", "sts:TagSession"):
        assert trusts(TRUST, SERVICE, action, **SESSION)
        for tag in SESSION:
            assert not trusts(TRUST, SERVICE, action, **{**SESSION, tag: "other"})
            assert not trusts(TRUST, SERVICE, action, **{key: SESSION[key] for key in SESSION if key != tag})
    assert not trusts(TRUST, "ec2.amazonaws.com", **SESSION)
    assert not trusts(TRUST, SERVICE, "sts:AssumeRoleWithWebIdentity", **SESSION)


def test_the_cluster_is_named_in_the_partition_of_its_region() -> None:
    trust = made(ground={**GROUND, "region": "us-gov-west-1"}).of("Role").inputs["assumeRolePolicy"]
    (statement,) = json.loads(trust)["Statement"]
    assert statement["Condition"]["StringEquals"]["aws:RequestTag/eks-cluster-arn"] == (
        "arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/prod"
    )


def test_a_long_name_is_cut_to_what_aws_takes() -> None:
    role = registered(lambda: ServiceRole("p" * 80, ARGS)).of("Role").inputs
    assert role["namePrefix"] == "p" * 37 + "-"


@pytest.mark.parametrize("key", ["cluster_name", "namespace", "service_account"])
def test_what_it_needs_is_asked_for_by_name(key: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        made(**{key: None})
    assert caught.value.property_path == key


def test_a_preview_of_a_cluster_that_does_not_exist_registers_the_same() -> None:
    preview = registered(lambda: ServiceRole("price", ARGS), preview=True)
    assert preview.urns == made().urns
    assert preview.of("PodIdentityAssociation").inputs["roleArn"] is UNKNOWN
