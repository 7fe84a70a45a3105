"""What is said of settings of AWS that cannot be: the key's path, the reason, and what to do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from aws_environments import config, recorded
from aws_setting_cases import ADOPTED_CLUSTER, ADOPTED_DATABASE, ADOPTED_NETWORK, BUCKETS, CASES
from mlops_stacks import aws_ground, aws_setting_checks
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import load
from stack_settings import problem

TODAY = datetime.date(2026, 11, 28)


@pytest.fixture(autouse=True)
def _on_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_setting_checks, "today", lambda: TODAY)


def said(environment: str = "dev", *, drop: tuple[str, ...] = (), **changes: Any) -> str:
    """The line about an environment whose `mlops:aws`, and sections as a whole, are changed so.

    A key of `changes` is one of `mlops:aws`; `cluster__` before it, one of `mlops:cluster`; `cluster` is the
    whole of it.
    """
    values = config(environment)
    values["mlops:cluster"] = changes.pop("cluster", values["mlops:cluster"])
    aws = {key: value for key, value in values["mlops:aws"].items() if key not in drop}
    for key, value in changes.items():
        section = values["mlops:cluster"] if key.startswith("cluster__") else aws
        section[key.removeprefix("cluster__")] = value
    return problem({**values, "mlops:aws": aws})


def test_adopted_parts_are_taken_as_they_are() -> None:
    values = config("dev")
    aws = {
        **{key: value for key, value in values["mlops:aws"].items() if key != "storage"},
        "network": ADOPTED_NETWORK,
        "database": ADOPTED_DATABASE,
        "buckets": BUCKETS,
    }
    load({**values, "mlops:aws": aws, "mlops:cluster": ADOPTED_CLUSTER})


@pytest.mark.parametrize(("changes", "line"), CASES)
def test_what_cannot_be_is_refused_by_its_key(changes: dict[str, Any], line: str) -> None:
    assert said(**changes) == line


def test_ground_and_cluster_are_of_one_kind() -> None:
    values = config("dev")
    line = "mlops:aws goes with mlops:cluster.maker eks: give both, or neither"
    assert problem({**values, "mlops:cluster": {"maker": "local-node"}}) == line
    assert problem({key: value for key, value in values.items() if key != "mlops:aws"}) == line


@pytest.mark.parametrize("section", ["objectStore", "database"])
def test_stores_that_run_in_the_cluster_are_none_of_eks(section: str) -> None:
    assert problem({**config("dev"), f"mlops:{section}": {"size": "9Gi"}}) == (
        "mlops:objectStore and mlops:database are for stores that run in the cluster; on EKS they are S3 and "
        "RDS, set in mlops:aws.storage and mlops:aws.database"
    )


def test_no_port_of_a_node_is_published_on_eks() -> None:
    assert problem({**config("dev"), "mlops:modelRegistry": {"nodePort": 30000}}) == (
        "nodePort 30000: nodes on EKS have no address outside; leave it out, and set mlops:aws.edge to "
        "publish endpoints"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"mlops:aws": {"database": {"authoritiesFile": "/nowhere/bundle.pem"}}},
            "mlops:aws.database.authoritiesFile: /nowhere/bundle.pem cannot be read: No such file or "
            "directory; give its absolute path",
        ),
        (
            {"mlops:images": dict.fromkeys(("mlflow", "pipeline", "serving"), f"sha256:{'0' * 64}")},
            "mlops:images: missing for mlops:monitoring.mode run: prometheus, alertmanager, "
            "kube-state-metrics, node-exporter, otel-collector; `mlops up` writes them, or give "
            "an image by digest for each",
        ),
    ],
)
def test_what_the_program_itself_refuses_comes_before_the_first_resource(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], line: str
) -> None:
    def registered(*_: Any) -> None:
        raise AssertionError("something was registered")

    monkeypatch.setattr(aws_ground, "lay", registered)
    with pytest.raises(SettingsError) as caught:
        recorded("dev", changes, preview=True)
    assert str(caught.value) == line
