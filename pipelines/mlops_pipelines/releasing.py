"""What a run releases: the first version of an endpoint, and the version that a remediation asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mlops_pipelines.release_log import append_anew
from mlops_pipelines.settings import Retrain, RunSettings
from mlops_serving import release
from mlops_serving.artifact import Manifest
from mlops_serving.store import Store

Report = Callable[[str], None]

LOOK_BACK = 50
"""Newest records in which a repeated run looks for its own release."""


def release_passed(
    store: Store, settings: RunSettings, pipeline: str, manifest: Manifest, report: Report
) -> None:
    """Release a version that passed its gates, where that is this run's business.

    It is for an endpoint without any release, and for a retraining. All other releases are decisions of
    their own. A candidate that is being tried is not interrupted.

    Raises:
        ReleaseConflict: others release to this endpoint all the time.
    """

    def decide(now: release.Release | None) -> release.Release | None:
        wanted = next_release(settings, pipeline, manifest, now)
        if now:
            report(f"endpoint {now.endpoint} serves version {now.stable_version} by release {now.number}")
        if wanted is None or (now and _was_released(store, now, manifest.version)):
            return None
        if now and now.mode != "stable":
            report(f"a {now.mode} is under way, so version {manifest.version} waits for a release by hand")
            return None
        return wanted

    if append_anew(store, settings.endpoint, decide):
        report(f"released version {manifest.version} to endpoint {settings.endpoint}")


def next_release(
    settings: RunSettings, pipeline: str, manifest: Manifest, now: release.Release | None
) -> release.Release | None:
    """The record that this run should append after `now`, None if it has nothing to release. Pure but for
    the time."""
    if now and settings.retrain is None:
        return None
    number = now.number if now else None
    return release.Release(
        number=(number or 0) + 1,
        endpoint=settings.endpoint,
        model=settings.model,
        stable_version=manifest.version,
        who=f"pipeline {pipeline}",
        when=datetime.now(UTC),
        why=_why(settings.retrain),
        gates=_evidence(settings, manifest),
        previous=number,
    )


def _why(retrain: Retrain | None) -> str:
    if retrain is None:
        return "first version that passed every gate"
    return f"retrained by remediation {retrain.id} for alert {retrain.alert}; it passed every gate"


def _evidence(settings: RunSettings, manifest: Manifest) -> dict[str, Any]:
    return {
        "thresholds": settings.gates.model_dump(),
        "metrics": dict(manifest.metrics),
        "fairness": dict(manifest.fairness),
    }


def _was_released(store: Store, now: release.Release, version: str) -> bool:
    """Whether a repeated run finds its release made, even if it was rolled back since."""
    numbers = range(now.number, max(0, now.number - LOOK_BACK), -1)
    return any(release.record(store, now.endpoint, number).stable_version == version for number in numbers)
