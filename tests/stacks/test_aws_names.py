"""Names that AWS does not take are refused before the first resource of the environment."""

from __future__ import annotations

from typing import Any

import pytest

from aws_environments import config, merged, recorded
from aws_setting_cases import ADOPTED_DATABASE, BUCKETS
from mlops_stacks import aws_ground, aws_names
from mlops_stacks.aws_settings import AwsSettings
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import load
from pulumi_mlops.aws import addon_values, eks_place
from stack_settings import problem

REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"


def settings(**changes: Any) -> AwsSettings:
    values = config("dev")
    aws = {key: value for key, value in values["mlops:aws"].items() if key not in ("storage", "database")}
    found = load({**values, "mlops:aws": {**aws, **changes}}).aws
    assert found is not None
    return found


def refusal(environment: str, images: list[str], **changes: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        aws_names.refuse_unfit(environment, settings(**changes), images)
    return str(caught.value)


def test_buckets_are_named_in_63_characters() -> None:
    longest = "a" * 22
    aws_names.refuse_unfit(longest, settings(), ["mlflow"])
    name = f"mlops-{longest}a-000000000000-eu-central-1-requests"
    assert refusal(f"{longest}a", []) == (
        f"stack '{longest}a': '{name}' (64 characters) is no name for a bucket; allowed are 3 to 63 "
        "lower-case letters, digits, hyphens and dots. Give the stack another name, or what exists by "
        "mlops:aws.buckets"
    )
    aws_names.refuse_unfit(f"{longest}a", settings(buckets=BUCKETS), [])


def test_repositories_are_named_in_256_characters() -> None:
    adopted = {"buckets": BUCKETS, "database": ADOPTED_DATABASE}
    longest = "a" * (256 - len("mlops-/mlflow"))
    aws_names.refuse_unfit(longest, settings(**adopted), ["mlflow"])
    assert refusal(f"{longest}a", ["mlflow"], **adopted) == (
        f"stack '{longest}a': 'mlops-{longest}a/mlflow' (257 characters) is no name for a repository; "
        "allowed are 2 to 256 lower-case letters and digits, with single dots, hyphens, underscores or "
        "slashes between them. Give the stack another name, or what exists by mlops:aws.registry"
    )
    aws_names.refuse_unfit(f"{longest}a", settings(**adopted, registry=REGISTRY), ["mlflow"])


def test_the_database_is_named_in_57_characters() -> None:
    adopted = {"buckets": BUCKETS, "registry": REGISTRY}
    longest = "a" * 51
    aws_names.refuse_unfit(longest, settings(**adopted), [])
    assert refusal(f"{longest}a", [], **adopted) == (
        f"stack '{longest}a': 'mlops-{longest}a' is no identifier of a database instance; allowed are "
        "lower-case letters, digits and single inner hyphens, a letter first, at most 57 characters "
        "(`-final` is put after it). Give the stack another name, or what exists by "
        "mlops:aws.database.mode: adopt"
    )
    aws_names.refuse_unfit(f"{longest}a", settings(**adopted, database=ADOPTED_DATABASE), [])


def test_a_stack_of_capital_letters_is_refused_before_the_first_resource(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def registered(*_: Any) -> None:
        raise AssertionError("something was registered")

    monkeypatch.setattr(aws_ground, "lay", registered)
    monkeypatch.setattr("aws_environments.config", lambda _: config("dev"))
    with pytest.raises(SettingsError, match=r"^stack 'Dev': 'mlops-Dev-000000000000-eu-central-1-models' "):
        recorded("Dev", {}, preview=True)


def test_the_longest_cluster_and_region_leave_room_for_every_role() -> None:
    suffixes = [eks_place.POOL_NODE, "system-node", "karpenter", "cluster", *addon_values.ROLES]
    for region in ("ap-southeast-1", "ap-northeast-3", "us-gov-east-1"):
        names = [eks_place.account_name("a" * 30, region, suffix) for suffix in suffixes]
        assert max(map(len, names)) <= 64


def test_a_cluster_whose_roles_would_not_be_named_is_refused() -> None:
    values = merged(config("dev"), {"mlops:cluster": {"name": "a" * 31}})
    assert problem(values) == (
        f"mlops:cluster.name: {'a' * 31!r} is no name for a cluster; allowed are letters, digits, hyphens "
        "and underscores, a letter or digit first, at most 30 characters"
    )
