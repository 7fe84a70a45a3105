"""What the commands that talk to AWS are told of each environment in the repository."""

from __future__ import annotations

import pytest

from aws_environments import config
from mlops_cli.aws.destroy import Target
from mlops_cli.aws.from_settings import needs_of, target_of
from mlops_cli.aws.needs import AwsNeeds
from mlops_stacks.aws_settings import AwsSettings, EksCluster
from mlops_stacks.settings import load

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")


def ground(name: str, **cluster: object) -> tuple[AwsSettings, EksCluster]:
    values = config(name)
    values["mlops:cluster"] = {**values["mlops:cluster"], **cluster}
    loaded = load(values)
    assert loaded.aws is not None
    assert isinstance(loaded.cluster, EksCluster)
    return loaded.aws, loaded.cluster


@pytest.mark.parametrize(
    ("name", "database", "vcpus", "spot"),
    [
        ("dev", "db.t4g.micro", 3 * 2 + 16 + 32, True),
        ("staging", "db.t4g.medium", 4 * 2 + 32 + 16 + 64, True),
        ("prod", "db.m7g.large", 6 * 2 + 96 + 32, False),
    ],
)
def test_an_environment_needs_what_its_nodes_may_grow_to(
    name: str, database: str, vcpus: int, spot: bool
) -> None:
    assert needs_of(name, *ground(name)) == AwsNeeds(
        region="eu-central-1",
        account_id=None,
        zones=ZONES,
        instance_types=("m7i.large", "m6i.large"),
        database_class=database,
        cluster_name=f"mlops-{name}",
        kubernetes_version="1.35",
        environment=name,
        vcpus=vcpus,
        gpus=0,
        spot=spot,
    )


def test_processors_of_gpu_nodes_are_counted_by_themselves() -> None:
    pools = {
        "cpu": {"kind": "cpu", "cpuLimit": 8, "memoryLimit": "32Gi"},
        "gpu": {"kind": "gpu", "cpuLimit": 48, "memoryLimit": "192Gi", "gpuLimit": 4},
    }
    needs = needs_of("dev", *ground("dev", pools=pools))
    assert (needs.vcpus, needs.gpus, needs.spot) == (3 * 2 + 8, 48, False)


def test_what_is_destroyed_is_the_environment_and_its_cluster() -> None:
    assert target_of("dev", *ground("dev")) == Target("dev", "mlops-dev", production=False)
    assert target_of("prod", *ground("prod")) == Target("prod", "mlops-prod", production=True)


def test_an_adopted_cluster_is_not_among_what_is_destroyed() -> None:
    existing = {
        "endpoint": "https://0123.gr7.eu-central-1.eks.amazonaws.com",
        "certificateAuthority": "LS0tLS1CRUdJTg==",
        "securityGroupId": "sg-0123456789abcdef0",
        "nodeRoleArn": "arn:aws:iam::123456789012:role/nodes",
    }
    values = config("dev")
    values["mlops:cluster"] = {
        "maker": "eks",
        "mode": "adopt",
        "name": "company",
        "version": "1.35",
        "existing": existing,
    }
    loaded = load(values)
    assert loaded.aws is not None
    assert isinstance(loaded.cluster, EksCluster)
    assert target_of("dev", loaded.aws, loaded.cluster) == Target("dev", None, production=False)
