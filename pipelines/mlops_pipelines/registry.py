"""Experiments, runs and model versions in MLflow: what people look at. Serving never waits for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mlops_pipelines.errors import PipelineError, Unreachable
from mlops_pipelines.settings import RunSettings

FINGERPRINT = "fingerprint"
ARTIFACT = "artifact"
FINISHED = "FINISHED"
WAIT_SECONDS = 180.0
POLL_SECONDS = 1.0


class Registry:
    """One model's versions; every method may be repeated after a crash."""

    def __init__(self, settings: RunSettings) -> None:
        # The client reads credentials from the environment and nowhere else.
        os.environ["MLFLOW_TRACKING_USERNAME"] = settings.tracking_username
        os.environ["MLFLOW_TRACKING_PASSWORD"] = settings.tracking_password.get_secret_value()
        self._client = MlflowClient(tracking_uri=settings.tracking_uri, registry_uri=settings.tracking_uri)
        self._model = settings.model
        self._bucket = settings.store.bucket

    def version_of(self, fingerprint: str) -> ModelVersion | None:
        """The version that was trained from exactly these inputs, if there is one."""
        try:
            found = self._client.search_model_versions(f"name = '{self._model}'")
        except MlflowException as error:
            raise _explained(error) from error
        return next((version for version in found if version.tags.get(FINGERPRINT) == fingerprint), None)

    def log_run(
        self, parameters: Mapping[str, Any], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> str:
        """Log one finished run and return its id."""
        experiment = self._client.get_experiment_by_name(self._model)
        identity = experiment.experiment_id if experiment else self._client.create_experiment(self._model)
        run = self._client.create_run(identity, tags=dict(tags))
        for name, value in parameters.items():
            self._client.log_param(run.info.run_id, name, value)
        for name, number in metrics.items():
            self._client.log_metric(run.info.run_id, name, number)
        self._client.set_terminated(run.info.run_id, FINISHED)
        return str(run.info.run_id)

    def register(self, fingerprint: str, run_id: str) -> ModelVersion:
        """Register the next version; its number is the artifact's version in the object store."""
        if not self._exists():
            self._client.create_registered_model(self._model)
        source = f"s3://{self._bucket}/models/{self._model}"
        tags = {FINGERPRINT: fingerprint}
        version = self._client.create_model_version(self._model, source, run_id=run_id, tags=tags)
        self._client.set_model_version_tag(
            self._model, version.version, ARTIFACT, f"{source}/{version.version}"
        )
        return version

    def _exists(self) -> bool:
        return bool(self._client.search_registered_models(f"name = '{self._model}'"))


def created_at(version: ModelVersion) -> datetime:
    """When MLflow registered the version; the manifest repeats it, so a rerun writes the same bytes."""
    return datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)


def wait_for(what: str, url: str, report: Callable[[str], None], seconds: float = WAIT_SECONDS) -> None:
    """Wait until a server answers HTTP at all.

    Raises:
        Unreachable: not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    said = False
    while True:
        try:
            httpx.get(url, timeout=5)
            return
        except httpx.HTTPError as error:
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"{what} at {url} did not answer within {seconds:.0f} s: {error}"
                ) from error
        if not said:
            report(f"waiting for {what} at {url}")
            said = True
        time.sleep(POLL_SECONDS)


def _explained(error: MlflowException) -> PipelineError:
    hint = "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and the server's log"
    return PipelineError(f"MLflow refused: {str(error).splitlines()[0]}; {hint}")
