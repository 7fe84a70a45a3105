from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from mlflow.tracking import MlflowClient
from pydantic import SecretStr

from mlops_pipelines import mortgage, training
from mlops_pipelines import run as pipeline
from mlops_pipelines.errors import GateFailed, PipelineError
from mlops_pipelines.gates import Gates
from mlops_pipelines.registry import Registry
from mlops_pipelines.settings import Retrain, RunSettings
from mlops_serving import publish, release
from mlops_serving.errors import ObjectMissing, StoreError
from mlops_serving.store import NotModified, Store
from serving_process import Gateway

pytestmark = pytest.mark.timeout(300)


class Crash(BaseException):
    """What a killed process looks like from inside: nothing after it runs."""


def crash(*_: object) -> None:
    raise Crash


def quiet(line: str) -> None:
    del line


def stable_version(store: Store, endpoint: str) -> str:
    found = release.current(store, endpoint)
    assert not isinstance(found, NotModified)
    return found[0].stable_version


def runs_of(client: MlflowClient, model: str) -> list[Any]:
    experiment = client.get_experiment_by_name(model)
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def test_a_run_leaves_a_version_an_artifact_and_the_first_release(
    settings: RunSettings, store: Store
) -> None:
    assert pipeline.run(settings, quiet) == "1"
    assert publish.versions(store, settings.model) == ["1"]
    assert stable_version(store, settings.endpoint) == "1"
    manifest = publish.fetch_manifest(store, settings.model, "1")
    assert [(file.path) for file in manifest.files] == ["model.onnx", "features.json"]
    assert manifest.mlflow_run_id
    assert len(manifest.reference_bins) == 31
    kept = Store(settings.data_store()).get(pipeline.snapshot_key(manifest.dataset.sha256)).data
    assert hashlib.sha256(kept).hexdigest() == manifest.dataset.sha256


def test_mlflow_shows_the_run_its_data_and_where_the_version_is(
    settings: RunSettings, client: MlflowClient
) -> None:
    pipeline.run(settings, quiet)
    version = client.get_model_version(settings.model, "1")
    run = client.get_run(str(version.run_id))
    assert version.source == f"s3://models/models/{settings.model}/1"
    assert version.tags["gates"] == "passed"
    assert run.info.status == "FINISHED"
    assert run.data.params["max_leaf_nodes"] == "4"
    assert run.data.metrics["cv.boosting.log_loss"] < run.data.metrics["cv.logistic.log_loss"]
    assert run.data.tags["code.revision"] == "the-tests"
    [used] = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("loanapp", run.data.tags["dataset.sha256"][:36])


def test_a_second_run_of_the_same_inputs_makes_nothing_new(settings: RunSettings, store: Store) -> None:
    pipeline.run(settings, quiet)
    lines: list[str] = []
    assert pipeline.run(settings, lines.append) == "1"
    assert lines == [
        "version 1 was made from the same data, code and parameters; nothing to train",
        "version 1 passed every gate",
        f"endpoint {settings.endpoint} serves version 1 by release 1",
    ]
    assert publish.versions(store, settings.model) == ["1"]


def test_another_code_revision_makes_a_version_but_no_release(settings: RunSettings, store: Store) -> None:
    pipeline.run(settings, quiet)
    other = settings.model_copy(update={"code_revision": "another"})
    assert pipeline.run(other, quiet) == "2"
    assert stable_version(store, settings.endpoint) == "1"


def retraining(settings: RunSettings, number: str = "123456789012") -> RunSettings:
    return settings.model_copy(update={"retrain": Retrain(id=number, alert="MlopsInputDrift")})


def test_a_retraining_makes_a_version_of_the_same_inputs_and_releases_it_once(
    settings: RunSettings, store: Store, client: MlflowClient
) -> None:
    pipeline.run(settings, quiet)
    for _ in range(2):  # a Job starts its pod again if it ends badly
        assert pipeline.run(retraining(settings), quiet) == "2"
    assert publish.versions(store, settings.model) == ["1", "2"]
    made = release.record(store, settings.endpoint, 2)
    assert (made.stable_version, made.mode, made.previous) == ("2", "stable", 1)
    assert made.why == "retrained by remediation 123456789012 for alert MlopsInputDrift; it passed every gate"
    with pytest.raises(ObjectMissing):
        release.record(store, settings.endpoint, 3)
    tags = client.get_run(str(client.get_model_version(settings.model, "2").run_id)).data.tags
    assert {name: tags[name] for name in tags if name.startswith("retrain.")} == {
        "retrain.alert": "MlopsInputDrift",
        "retrain.endpoint": settings.endpoint,
        "retrain.id": "123456789012",
    }
    assert pipeline.run(retraining(settings, "2"), quiet) == "3"


def test_a_retraining_that_fails_its_gates_is_not_released(settings: RunSettings, store: Store) -> None:
    pipeline.run(settings, quiet)
    strict = retraining(settings).model_copy(update={"gates": Gates(minimum_roc_auc=0.99)})
    with pytest.raises(GateFailed):
        pipeline.run(strict, quiet)
    assert stable_version(store, settings.endpoint) == "1"


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (Registry, "_ensure_model"),  # the run is logged, no version registered
        (pipeline.publish, "publish"),  # the version is registered, nothing uploaded
        (publish, "dump_manifest"),  # the files are uploaded, the manifest is not
        (pipeline, "judge"),  # the artifact is whole, nothing released
        (release, "_point"),  # the release is recorded, not yet current
    ],
    ids=["before-version", "before-upload", "before-manifest", "before-release", "in-release"],
)
def test_a_crash_is_completed_by_the_next_run(
    settings: RunSettings,
    store: Store,
    client: MlflowClient,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    step: str,
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(owner, step, crash)
        with pytest.raises(Crash):
            pipeline.run(settings, quiet)
    assert pipeline.run(settings, quiet) == "1"
    assert publish.versions(store, settings.model) == ["1"]
    assert stable_version(store, settings.endpoint) == "1"
    assert len(client.search_model_versions(f"name = '{settings.model}'")) == 1
    assert [run.info.status for run in runs_of(client, settings.model)] == ["FINISHED"]


def test_a_store_that_goes_down_while_training_is_reported_and_the_next_run_completes(
    settings: RunSettings, store: Store, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit: Callable[..., Any] = training.fit

    def stop_and_fit(train: mortgage.Table) -> Any:
        gateway.stop()
        return fit(train)

    with monkeypatch.context() as broken:
        broken.setattr(training, "fit", stop_and_fit)
        with pytest.raises(StoreError, match="could not be reached"):
            pipeline.run(settings, quiet)
    gateway.start()
    assert pipeline.run(settings, quiet) in {"1", "2"}
    assert len(publish.versions(store, settings.model)) == 1


def test_a_registry_that_lost_its_versions_never_overwrites_the_stores(
    settings: RunSettings, store: Store, client: MlflowClient
) -> None:
    pipeline.run(settings, quiet)
    before = publish.fetch_manifest(store, settings.model, "1")
    client.delete_registered_model(settings.model)
    other = settings.model_copy(update={"code_revision": "another"})
    assert pipeline.run(other, quiet) == "2"
    assert publish.fetch_manifest(store, settings.model, "1") == before


def test_a_number_with_foreign_files_is_given_up(settings: RunSettings, store: Store) -> None:
    store.create(f"models/{settings.model}/1/model.onnx", b"of somebody else")
    with pytest.raises(PipelineError, match="version 1 is given up, run the pipeline again"):
        pipeline.run(settings, quiet)
    assert int(pipeline.run(settings, quiet)) > 1
    assert store.get(f"models/{settings.model}/1/model.onnx").data == b"of somebody else"


def test_a_failed_gate_keeps_the_artifact_and_releases_nothing(
    settings: RunSettings, store: Store, client: MlflowClient
) -> None:
    strict = settings.model_copy(update={"gates": Gates(minimum_roc_auc=0.99)})
    with pytest.raises(
        GateFailed, match=r"is not released:\n  roc_auc is 0\.9\d+, at least 0\.99 is asked for"
    ):
        pipeline.run(strict, quiet)
    assert publish.versions(store, settings.model) == ["1"]
    assert client.get_model_version(settings.model, "1").tags["gates"].startswith("roc_auc is 0.9")
    with pytest.raises(ObjectMissing):
        release.current(store, settings.endpoint)
    assert pipeline.run(settings, quiet) == "1"
    assert stable_version(store, settings.endpoint) == "1"


def test_a_wrong_mlflow_password_is_named(settings: RunSettings) -> None:
    wrong = settings.model_copy(update={"tracking_password": SecretStr("wrong")})
    with pytest.raises(PipelineError, match="check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        pipeline.run(wrong, quiet)


def test_a_missing_data_bucket_asks_for_store_setup(settings: RunSettings) -> None:
    homeless = settings.model_copy(update={"data_bucket": "nowhere"})
    with pytest.raises(
        PipelineError, match=r"bucket nowhere is not there; run `python3 -m mlops_pipelines store"
    ):
        pipeline.run(homeless, quiet)
