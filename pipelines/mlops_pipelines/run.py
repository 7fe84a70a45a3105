"""The mortgage pipeline from data to release, in steps that a rerun finds done.

load -> snapshot -> clean -> split -> fit -> evaluate -> export -> MLflow run and version -> artifact ->
gates -> release. A version is known by its fingerprint (dataset, code revision, parameters), so the same
inputs never make a second one, unless a remediation asks for it: its number is part of the fingerprint then.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from sklearn.pipeline import Pipeline

from mlops_pipelines import evaluation, export, gates, mortgage, releasing, training
from mlops_pipelines.errors import GateFailed, PipelineError
from mlops_pipelines.registry import Registry, created_at
from mlops_pipelines.settings import Retrain, RunSettings
from mlops_pipelines.waiting import wait_for
from mlops_serving import publish
from mlops_serving.artifact import MANIFEST, FileEntry, Manifest, artifact_key, parse_manifest
from mlops_serving.errors import ArtifactError, ObjectExists, ObjectMissing
from mlops_serving.store import Store

Report = Callable[[str], None]

PIPELINE = "mortgage-approval"


@dataclass(frozen=True)
class Trained:
    """A model with all that is known of it before it has a version."""

    model: Pipeline
    content: bytes
    train: mortgage.Table
    test: mortgage.Table
    digest: str
    rows: int
    metrics: dict[str, float]
    fairness: dict[str, Any]


def run(settings: RunSettings, report: Report) -> str:
    """Run the pipeline and return the version that it made, or found made before.

    Raises:
        GateFailed: the model must not be released; its run and artifact are there to look at.
        PipelineError: anything else that went wrong, with what to do.
        ServingError: the object store refused something, or holds something malformed.
    """
    wait_for("the object store", settings.store.url, report)
    wait_for("MLflow", f"{settings.tracking_uri.rstrip('/')}/health", report)
    store, registry = Store(settings.store), Registry(settings)
    frame = mortgage.load()
    digest = keep_snapshot(settings, frame, report)
    fingerprint = fingerprint_of(digest, settings.code_revision, settings.retrain)
    version = registry.version_of(fingerprint)
    manifest = published(store, settings.model, str(version.version)) if version else None
    if version and manifest and manifest.mlflow_run_id != version.run_id:
        report(f"version {version.version} in the store is another model's; taking the next number")
        registry.give_up(version)
        version = manifest = None
    if manifest:
        report(
            f"version {manifest.version} was made from the same data, code and parameters; nothing to train"
        )
    else:
        trained = train(frame, digest, report)
        manifest = register(store, registry, trained, settings, fingerprint, version, report)
    judge(registry, settings.gates, manifest, report)
    releasing.release_passed(store, settings, PIPELINE, manifest, report)
    return manifest.version


def keep_snapshot(settings: RunSettings, frame: pd.DataFrame, report: Report) -> str:
    """Keep the raw data under its own sha256 in the data bucket; returns the sha256 in hex."""
    content = mortgage.snapshot(frame)
    digest = hashlib.sha256(content).hexdigest()
    try:
        Store(settings.data_store()).create(snapshot_key(digest), content)
        report(f"kept the data set as {snapshot_key(digest)} in bucket {settings.data_bucket}")
    except ObjectExists:
        pass
    except ObjectMissing as error:
        raise PipelineError(
            f"bucket {settings.data_bucket} is not there; run `python3 -m mlops_pipelines store-setup` first"
        ) from error
    return digest


def snapshot_key(digest: str) -> str:
    """Where a snapshot of the data set is kept."""
    return f"datasets/{mortgage.DATASET}/{digest}.csv"


def published(store: Store, model: str, number: str) -> Manifest | None:
    """The manifest of a version, None while it is not there: it is written last."""
    key = f"{artifact_key(model, number)}/{MANIFEST}"
    try:
        return parse_manifest(store.get(key).data, key)
    except ObjectMissing:
        return None


def fingerprint_of(dataset_digest: str, code_revision: str, retrain: Retrain | None = None) -> str:
    """sha256 over everything that determines the model, and the remediation that asked for it."""
    inputs = {"dataset": dataset_digest, "code": code_revision, "parameters": dict(training.PARAMETERS)}
    if retrain:
        inputs["retrain"] = retrain.id
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def train(frame: pd.DataFrame, digest: str, report: Report) -> Trained:
    """Everything that needs neither store nor MLflow."""
    table = mortgage.clean(frame)
    held_out = mortgage.is_test(table.features)
    train_rows, test_rows = table.rows(~held_out), table.rows(held_out)
    report(f"training on {len(train_rows.labels)} rows, {len(test_rows.labels)} held out")
    compared = training.compare(train_rows)
    report("  ".join(f"{name} {value:.4f}" for name, value in compared.items()))
    model = training.fit(train_rows)
    approved = model.predict_proba(test_rows.features)[:, 1]
    content = export.to_bytes(model)
    difference = export.check_parity(content, model, test_rows.features)
    report(f"ONNX equals the trained model within {difference:.1e} on the held-out rows")
    metrics = evaluation.metrics(test_rows.labels, approved)
    report("  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    fairness = evaluation.fairness(test_rows, approved)
    metrics |= {**compared, "onnx_difference": difference}
    return Trained(model, content, train_rows, test_rows, digest, len(table.labels), metrics, fairness)


def register(
    store: Store,
    registry: Registry,
    trained: Trained,
    settings: RunSettings,
    fingerprint: str,
    version: ModelVersion | None,
    report: Report,
) -> Manifest:
    """Log, register (unless `version` was before an interruption) and upload; returns the manifest.

    Raises:
        PipelineError: the store holds other files under this number; it is given up, run again.
    """
    report("logging the run to MLflow")
    run_id = version.run_id if version else None
    run_id = str(run_id or _log_run(registry, trained, settings, fingerprint))
    if version is None:
        version = registry.register(
            fingerprint, run_id, lambda number: published(store, settings.model, number) is not None
        )
    number = str(version.version)
    report(f"publishing {artifact_key(settings.model, number)}")
    try:
        return _publish(store, trained, settings, number, created_at(version), run_id)
    except ArtifactError as error:
        registry.give_up(version)
        raise PipelineError(f"{error}; version {number} is given up, run the pipeline again") from error


def judge(registry: Registry, asked: gates.Gates, manifest: Manifest, report: Report) -> None:
    """Hold a version against the gates and note the outcome in MLflow; raises `GateFailed`."""
    failures = gates.failures(asked, manifest.metrics, manifest.fairness)
    registry.note_gates(manifest.version, failures)
    if failures:
        raise GateFailed(
            f"version {manifest.version} of {manifest.name} is not released:\n  "
            + "\n  ".join(failures)
            + "\nimprove the data or the model, or set MLOPS_GATES with a reason"
        )
    report(f"version {manifest.version} passed every gate")


def _log_run(registry: Registry, trained: Trained, settings: RunSettings, fingerprint: str) -> str:
    tags = {"dataset.sha256": trained.digest, "code.revision": settings.code_revision, "pipeline": PIPELINE}
    if settings.retrain:
        tags |= {
            "retrain.alert": settings.retrain.alert,
            "retrain.endpoint": settings.endpoint,
            "retrain.id": settings.retrain.id,
        }
    ratios = {
        f"{name}.{group}": float(values[name])
        for groups in trained.fairness.values()
        for group, values in groups.items()
        for name in ("approval_rate", "true_positive_rate", "impact_ratio", "opportunity_gap")
        if values[name] is not None
    }
    parameters = {**training.PARAMETERS, "split_seed": mortgage.SPLIT_SEED, "test_share": mortgage.TEST_SHARE}
    source = f"s3://{settings.data_bucket}/{snapshot_key(trained.digest)}"
    dataset = (mortgage.DATASET, trained.digest, source)
    return registry.log_run(fingerprint, parameters, {**trained.metrics, **ratios}, tags, dataset)


def _publish(
    store: Store, trained: Trained, settings: RunSettings, number: str, when: datetime, run_id: str
) -> Manifest:
    with tempfile.TemporaryDirectory() as folder:
        files = export.write(trained.content, Path(folder))
        manifest = _manifest(trained, settings, number, when, run_id, files)
        publish.publish(store, Path(folder), manifest)
    return manifest


def _manifest(
    trained: Trained,
    settings: RunSettings,
    number: str,
    when: datetime,
    run_id: str,
    files: list[FileEntry],
) -> Manifest:
    evidence = {
        "reference_bins": export.reference_bins(trained.content, trained.train.features),
        "golden": export.golden(trained.model, trained.test.features),
        "dataset": export.dataset(mortgage.DATASET, trained.digest, trained.rows),
        "code_revision": settings.code_revision,
        "mlflow_run_id": run_id,
        "metrics": trained.metrics,
        "fairness": trained.fairness,
    }
    return export.manifest(settings.model, number, when, files, evidence)
