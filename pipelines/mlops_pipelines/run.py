"""The mortgage pipeline from data to release, in steps that a rerun finds done.

load -> clean -> split -> fit -> evaluate -> export -> MLflow run and version -> artifact -> gates ->
first release. A version is known by its fingerprint (dataset, code revision, parameters), so the
same inputs never make a second one.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from mlops_pipelines import evaluation, export, mortgage, training
from mlops_pipelines.errors import GateFailed
from mlops_pipelines.registry import Registry, created_at, wait_for
from mlops_pipelines.settings import RunSettings
from mlops_serving import publish, release
from mlops_serving.artifact import FileEntry, Manifest
from mlops_serving.errors import ObjectMissing
from mlops_serving.store import NotModified, Store

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


def run(settings: RunSettings, gates: evaluation.Gates, report: Report) -> str:
    """Run the pipeline and return the version that it made, or found made before.

    Raises:
        GateFailed: the model must not be released; its run and artifact are there to look at.
        PipelineError: anything else that went wrong, with what to do.
    """
    wait_for("the object store", settings.store.url, report)
    wait_for("MLflow", settings.tracking_uri, report)
    store, registry = Store(settings.store), Registry(settings)
    frame = mortgage.load()
    digest = mortgage.digest(frame)
    fingerprint = fingerprint_of(digest, settings.code_revision)
    version = registry.version_of(fingerprint)
    if version is not None and str(version.version) in publish.versions(store, settings.model):
        number = str(version.version)
        report(f"version {number} was made from the same data, code and parameters; nothing to train")
        manifest = publish.fetch_manifest(store, settings.model, number)
        quality, fair = dict(manifest.metrics), dict(manifest.fairness)
    else:
        trained = train(frame, digest, report)
        quality, fair = trained.metrics, trained.fairness
        run_id = version.run_id if version is not None else _log_run(registry, trained, settings, report)
        version = version or registry.register(fingerprint, str(run_id))
        number = str(version.version)
        report(f"publishing models/{settings.model}/{number}")
        _publish(store, trained, settings, number, created_at(version), str(run_id))
    failures = evaluation.failures(gates, quality, fair)
    if failures:
        raise GateFailed(f"version {number} of {settings.model} is not released:\n  " + "\n  ".join(failures))
    report(f"version {number} passed every gate")
    ensure_first_release(store, settings, number, quality, report)
    return number


def fingerprint_of(dataset_digest: str, code_revision: str) -> str:
    """sha256 over everything that determines the model."""
    inputs = {"dataset": dataset_digest, "code": code_revision, "parameters": dict(training.PARAMETERS)}
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def train(frame: Any, digest: str, report: Report) -> Trained:
    """Everything that needs neither store nor MLflow."""
    table = mortgage.clean(frame)
    held_out = mortgage.is_test(table.features)
    train_rows, test_rows = table.rows(~held_out), table.rows(held_out)
    report(f"training on {len(train_rows.labels)} rows, {len(test_rows.labels)} held out")
    model = training.fit(train_rows)
    approved = model.predict_proba(test_rows.features)[:, 1]
    content = export.to_bytes(model)
    difference = export.check_parity(content, model, test_rows.features)
    report(f"ONNX equals the trained model within {difference:.1e} on the held-out rows")
    metrics = evaluation.metrics(test_rows.labels, approved)
    report("  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    fairness = evaluation.fairness(test_rows, approved)
    return Trained(model, content, train_rows, test_rows, digest, len(table.labels), metrics, fairness)


def _log_run(registry: Registry, trained: Trained, settings: RunSettings, report: Report) -> str:
    report("logging the run to MLflow")
    tags = {"dataset.sha256": trained.digest, "code.revision": settings.code_revision, "pipeline": PIPELINE}
    ratios = {
        f"{name}.{group}": float(values[name])
        for groups in trained.fairness.values()
        for group, values in groups.items()
        for name in ("impact_ratio", "opportunity_gap")
    }
    return registry.log_run(training.PARAMETERS, {**trained.metrics, **ratios}, tags)


def _publish(
    store: Store, trained: Trained, settings: RunSettings, number: str, when: datetime, run_id: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = export.write(trained.content, Path(folder))
        publish.publish(store, Path(folder), _manifest(trained, settings, number, when, run_id, files))


def _manifest(
    trained: Trained,
    settings: RunSettings,
    number: str,
    when: datetime,
    run_id: str,
    files: list[FileEntry],
) -> Manifest:
    approved = trained.model.predict_proba(trained.train.features)[:, 1].astype(np.float64)
    evidence = {
        "reference_bins": export.reference_bins(trained.train.features, approved),
        "golden": export.golden(trained.model, trained.test.features),
        "dataset": export.dataset(mortgage.DATASET, trained.digest, trained.rows),
        "code_revision": settings.code_revision,
        "mlflow_run_id": run_id,
        "metrics": trained.metrics,
        "fairness": trained.fairness,
    }
    return export.manifest(settings.model, number, when, files, evidence)


def ensure_first_release(
    store: Store, settings: RunSettings, number: str, metrics: dict[str, float], report: Report
) -> None:
    """Release a version to an endpoint that has none; later releases are decisions of their own."""
    try:
        found = release.current(store, settings.endpoint)
        if not isinstance(found, NotModified):
            stable = found[0].stable_version
            report(f"endpoint {settings.endpoint} serves version {stable} by release {found[0].number}")
        return
    except ObjectMissing:
        pass
    first = release.Release(
        number=1,
        endpoint=settings.endpoint,
        model=settings.model,
        stable_version=number,
        who=f"pipeline {PIPELINE}",
        when=datetime.now(UTC),
        why="first version that passed every gate",
        gates=dict(metrics),
    )
    release.append(store, first)
    report(f"released version {number} to endpoint {settings.endpoint}")
