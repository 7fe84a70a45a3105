from __future__ import annotations

import pytest
from pydantic import SecretStr

from mlops_pipelines import run as pipeline
from mlops_pipelines.errors import GateFailed, PipelineError, Unreachable
from mlops_pipelines.evaluation import Gates
from mlops_pipelines.registry import Registry, wait_for
from mlops_pipelines.settings import RunSettings
from mlops_serving import publish, release
from mlops_serving.errors import ObjectMissing
from mlops_serving.store import NotModified, Store

pytestmark = pytest.mark.timeout(300)


def quiet(line: str) -> None:
    del line


def stable_version(store: Store, endpoint: str) -> str:
    found = release.current(store, endpoint)
    assert not isinstance(found, NotModified)
    return found[0].stable_version


def test_a_run_leaves_a_version_an_artifact_and_the_first_release(
    settings: RunSettings, store: Store
) -> None:
    assert pipeline.run(settings, Gates(), quiet) == "1"
    assert publish.versions(store, settings.model) == ["1"]
    assert stable_version(store, settings.endpoint) == "1"
    manifest = publish.fetch_manifest(store, settings.model, "1")
    assert [(file.path) for file in manifest.files] == ["model.onnx"]
    assert manifest.mlflow_run_id
    assert len(manifest.reference_bins) == 30


def test_a_second_run_of_the_same_inputs_makes_nothing_new(settings: RunSettings, store: Store) -> None:
    pipeline.run(settings, Gates(), quiet)
    lines: list[str] = []
    assert pipeline.run(settings, Gates(), lines.append) == "1"
    assert lines == [
        "version 1 was made from the same data, code and parameters; nothing to train",
        "version 1 passed every gate",
        f"endpoint {settings.endpoint} serves version 1 by release 1",
    ]
    assert publish.versions(store, settings.model) == ["1"]


def test_another_code_revision_makes_a_version_but_no_release(settings: RunSettings, store: Store) -> None:
    pipeline.run(settings, Gates(), quiet)
    other = settings.model_copy(update={"code_revision": "another"})
    assert pipeline.run(other, Gates(), quiet) == "2"
    assert stable_version(store, settings.endpoint) == "1"


def test_a_crash_between_registration_and_upload_is_completed_by_the_next_run(
    settings: RunSettings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(publish, "publish", crash)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(settings, Gates(), quiet)
    assert publish.versions(store, settings.model) == []
    assert pipeline.run(settings, Gates(), quiet) == "1"
    assert publish.versions(store, settings.model) == ["1"]


def test_a_failed_gate_keeps_the_artifact_and_releases_nothing(settings: RunSettings, store: Store) -> None:
    strict = Gates(minimum_roc_auc=0.99)
    with pytest.raises(
        GateFailed, match=r"is not released:\n  roc_auc is 0\.9\d+, at least 0\.99 is asked for"
    ):
        pipeline.run(settings, strict, quiet)
    assert publish.versions(store, settings.model) == ["1"]
    with pytest.raises(ObjectMissing):
        release.current(store, settings.endpoint)


def test_a_wrong_mlflow_password_is_named(settings: RunSettings) -> None:
    wrong = settings.model_copy(update={"tracking_password": SecretStr("wrong")})
    with pytest.raises(PipelineError, match="check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        Registry(wrong).version_of("any")


def test_a_server_that_never_answers_is_given_up_with_its_address() -> None:
    with pytest.raises(
        Unreachable, match=r"the object store at http://127.0.0.1:9 did not answer within 0 s"
    ):
        wait_for("the object store", "http://127.0.0.1:9", quiet, seconds=0)
