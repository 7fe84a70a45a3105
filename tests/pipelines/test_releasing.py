"""What a run releases, on a log in a folder; tests/pipelines/test_run.py has whole runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from mlops_pipelines import release_log, releasing
from mlops_pipelines.settings import Retrain, RunSettings
from mlops_serving import release
from mlops_serving.artifact import Manifest
from mlops_serving.release import Release
from mlops_serving.store import Store, StoreSettings
from remediation_stories import outrun, record_of, released

MADE = Manifest.model_construct(version="3", metrics={"roc_auc": 0.9}, fairness={})
ONCE = Retrain(id="123456789012", alert="MlopsInputDrift")


def settings(folder: Path, retrain: Retrain | None) -> RunSettings:
    return RunSettings(
        model="mortgage",
        endpoint="mortgage",
        store=StoreSettings(url=f"file://{folder}"),
        tracking_uri="http://unused",
        tracking_username="admin",
        tracking_password=SecretStr("x"),
        code_revision="the-tests",
        retrain=retrain,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(StoreSettings(url=f"file://{tmp_path}"))


def run(store: Store, folder: Path, retrain: Retrain | None = ONCE) -> list[str]:
    """The lines that it says."""
    said: list[str] = []
    releasing.release_passed(store, settings(folder, retrain), "mortgage-approval", MADE, said.append)
    return said


def newest(store: Store) -> Release:
    found = release_log.newest(store, "mortgage")
    assert found
    return found


@pytest.mark.parametrize("retrain", [None, ONCE], ids=["run", "retraining"])
def test_an_endpoint_without_a_release_gets_its_first(
    store: Store, tmp_path: Path, retrain: Retrain | None
) -> None:
    assert run(store, tmp_path, retrain) == ["released version 3 to endpoint mortgage"]
    made = newest(store)
    assert (made.number, made.stable_version, made.previous) == (1, "3", None)
    assert made.who == "pipeline mortgage-approval"


def test_only_a_retraining_releases_to_an_endpoint_that_has_one(store: Store, tmp_path: Path) -> None:
    released(store, "1", "2")
    run(store, tmp_path, None)
    assert newest(store).stable_version == "2"
    run(store, tmp_path)
    made = newest(store)
    assert (made.number, made.stable_version, made.previous) == (3, "3", 2)
    assert made.why == "retrained by remediation 123456789012 for alert MlopsInputDrift; it passed every gate"


def test_a_candidate_that_is_tried_is_not_interrupted(store: Store, tmp_path: Path) -> None:
    released(store, "1", "1", candidate_version="2", mode="canary", weight=10)
    assert run(store, tmp_path)[-1] == "a canary is under way, so version 3 waits for a release by hand"
    assert newest(store).number == 2


def test_what_was_released_and_rolled_back_since_is_not_released_again(store: Store, tmp_path: Path) -> None:
    released(store, "1")
    run(store, tmp_path)
    release.append(store, record_of(3, "1"))
    run(store, tmp_path)
    assert newest(store).number == 3


def test_somebody_faster_is_decided_about_anew(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(store, "1")
    outrun(monkeypatch, record_of(2, "2"))
    run(store, tmp_path)
    made = newest(store)
    assert (made.number, made.stable_version, made.previous) == (3, "3", 2)
