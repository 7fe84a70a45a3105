"""Checks of a cluster, against moto; what moto does not know is answered by botocore's stub."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aws_account import REGION, account, stubbed
from mlops_cli.aws import checks_cluster
from mlops_cli.aws.access import Account
from mlops_cli.aws.checks_cluster import add_ons, cluster, group_versions, reachable, support_status
from mlops_cli.aws.findings import Level
from mlops_cli.aws.needs import AwsNeeds

ROLE = "arn:aws:iam::123456789012:role/mlops"
NEEDS = AwsNeeds(region=REGION, cluster_name="mlops-dev", kubernetes_version="1.34")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setattr(checks_cluster, "support_status", lambda eks, version: "STANDARD_SUPPORT")
    with account() as found:
        yield found


def made(aws: Account, version: str) -> None:
    """A cluster with one node group, both of `version`."""
    eks, ec2 = aws.client("eks"), aws.client("ec2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    eks.create_cluster(
        name="mlops-dev", version=version, roleArn=ROLE, resourcesVpcConfig={"subnetIds": subnets}
    )
    eks.create_nodegroup(
        clusterName="mlops-dev", nodegroupName="system", subnets=subnets, nodeRole=ROLE, version=version
    )


def answers(host: str, port: int, authority: str) -> None:
    """An endpoint that is there."""


def test_without_a_clusters_name_nothing_is_checked(aws: Account) -> None:
    assert list(cluster(aws, AwsNeeds(region=REGION), answers)) == []


def test_a_cluster_that_is_not_there_is_fine_and_its_version_is_checked(aws: Account) -> None:
    assert [(each.check, each.text) for each in cluster(aws, NEEDS, answers)] == [
        ("cluster", "mlops-dev is not there; `mlops up` makes it"),
        ("support of the Kubernetes version", "1.34 is in standard support"),
    ]


def test_a_cluster_that_is_there_is_checked_from_version_to_endpoint(
    aws: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(aws, "1.33")
    # moto has no add-ons.
    monkeypatch.setattr(checks_cluster, "add_ons", lambda eks, name, kubernetes: iter(()))
    found = list(cluster(aws, NEEDS, answers))
    assert [(each.level, each.check) for each in found] == [
        (Level.OK, "cluster"),
        (Level.OK, "version of the control plane"),
        (Level.OK, "support of the Kubernetes version"),
        (Level.OK, "version of node group system"),
        (Level.OK, "endpoint of the cluster"),
    ]
    assert found[1].text == "1.33 runs, `mlops up` takes it to 1.34"


def test_a_cluster_that_is_being_changed_is_waited_for(aws: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    made(aws, "1.34")
    real = checks_cluster.describe
    monkeypatch.setattr(
        checks_cluster, "describe", lambda *given: {**(real(*given) or {}), "status": "UPDATING"}
    )
    first = next(iter(cluster(aws, NEEDS, answers)))
    assert (first.level, first.text) == (Level.WARN, "mlops-dev is UPDATING")
    assert first.remedy == "wait until it is ACTIVE before `mlops up`"


@pytest.mark.parametrize("key", ["versionStatus", "status"])
def test_the_word_on_a_version_comes_from_either_field(key: str) -> None:
    client, stub = stubbed("eks")
    stub.add_response(
        "describe_cluster_versions",
        {"clusterVersions": [{"clusterVersion": "1.34", key: "EXTENDED_SUPPORT"}]},
        {"clusterVersions": ["1.34"]},
    )
    with stub:
        assert support_status(client, "1.34") == "EXTENDED_SUPPORT"


def test_a_version_that_eks_does_not_know_has_no_word() -> None:
    client, stub = stubbed("eks")
    stub.add_client_error("describe_cluster_versions", "InvalidParameterException")
    stub.add_response("describe_cluster_versions", {"clusterVersions": []})
    with stub:
        assert support_status(client, "1.99") is None
        assert support_status(client, "1.99") is None


def test_every_node_group_has_its_version(aws: Account) -> None:
    made(aws, "1.33")
    assert group_versions(aws.client("eks"), "mlops-dev") == {"system": "1.33"}


def test_add_ons_are_compared_with_what_eks_lists_and_their_trouble_is_told() -> None:
    client, stub = stubbed("eks")
    stub.add_response("list_addons", {"addons": ["coredns"]}, {"clusterName": "c"})
    issue = {"code": "InsufficientNumberOfReplicas", "message": "no node"}
    addon: dict[str, Any] = {
        "addonVersion": "v1.11.3",
        "health": {"issues": [issue]},
        "createdAt": datetime.now(UTC),
    }
    stub.add_response("describe_addon", {"addon": addon}, {"clusterName": "c", "addonName": "coredns"})
    stub.add_response(
        "describe_addon_versions",
        {"addons": [{"addonVersions": [{"addonVersion": "v1.12.1"}, {"addonVersion": "v1.12.0"}]}]},
        {"addonName": "coredns", "kubernetesVersion": "1.34"},
    )
    with stub:
        found = list(add_ons(client, "c", "1.34"))
    assert [(each.level, each.text) for each in found] == [
        (Level.FAIL, "v1.11.3 is not made for Kubernetes 1.34"),
        (Level.WARN, "InsufficientNumberOfReplicas: no node"),
    ]


@pytest.mark.parametrize(
    ("network", "remedy"),
    [
        (
            {"endpointPublicAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]},
            "add this machine's address to the allow list",
        ),
        ({"endpointPublicAccess": False, "endpointPrivateAccess": True}, "run from inside the VPC"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_told_by_its_kind(network: dict[str, Any], remedy: str) -> None:
    asked = []

    def refuses(*given: Any) -> None:
        asked.append(given)
        raise TimeoutError("timed out")

    found = {
        "endpoint": "https://ABC.gr7.eu-central-1.eks.amazonaws.com",
        "certificateAuthority": {"data": base64.b64encode(b"PEM").decode()},
        "resourcesVpcConfig": network,
    }
    finding = reachable(found, refuses)
    assert asked == [("abc.gr7.eu-central-1.eks.amazonaws.com", 443, "PEM")]
    assert finding.level is Level.FAIL
    assert finding.remedy.startswith(remedy)
