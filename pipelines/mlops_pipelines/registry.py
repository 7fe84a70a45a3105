"""Experiments, runs and model versions in MLflow: what people look at. Serving never waits for it.

MLflow counts the versions, the object store holds them. A version is registered before its artifact
is uploaded, so that two pipelines never write under one number; what was interrupted in between is
found again by its fingerprint.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mlops_pipelines.errors import PipelineError
from mlops_pipelines.settings import RunSettings
from mlops_serving.artifact import artifact_key

FINGERPRINT = "fingerprint"
GATES = "gates"
FINISHED = "FINISHED"
DIGEST_LENGTH = 36
"""MLflow's limit for a dataset's digest; the whole one is in the run's tags."""
RETRIES = 3
"""Of one request; MLflow's own seven would keep a Job waiting for minutes."""


class Registry:
    """One model's runs and versions; every method may be repeated after a crash."""

    def __init__(self, settings: RunSettings) -> None:
        # The client reads these from the environment and nowhere else.
        os.environ["MLFLOW_TRACKING_USERNAME"] = settings.tracking_username
        os.environ["MLFLOW_TRACKING_PASSWORD"] = settings.tracking_password.get_secret_value()
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(RETRIES))
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        self._client = MlflowClient(tracking_uri=settings.tracking_uri, registry_uri=settings.tracking_uri)
        self._model = settings.model
        self._bucket = settings.store.bucket

    def version_of(self, fingerprint: str) -> ModelVersion | None:
        """The newest version that was registered for exactly these inputs, if there is one."""
        with _explained():
            found = self._client.search_model_versions(f"name = '{self._model}'")
        matching = [version for version in found if version.tags.get(FINGERPRINT) == fingerprint]
        return max(matching, key=number_of, default=None)

    def log_run(
        self,
        fingerprint: str,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        dataset: tuple[str, str, str],
    ) -> str:
        """Log one finished run, or complete the one that was begun before, and return its id.

        `dataset` is its name, sha256 in hex and URI.
        """
        with _explained():
            run_id = self._begun(fingerprint)
            now = int(time.time() * 1000)
            self._client.log_batch(
                run_id,
                metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
                params=[Param(name, str(value)) for name, value in parameters.items()],
                tags=[RunTag(name, value) for name, value in tags.items()],
            )
            name, digest, uri = dataset
            entry = Dataset(name, digest[:DIGEST_LENGTH], "s3", f'{{"uri": "{uri}"}}')
            self._client.log_inputs(run_id, [DatasetInput(entry)])
            self._client.set_terminated(run_id, FINISHED)
        return run_id

    def register(self, fingerprint: str, run_id: str, taken: Callable[[str], bool]) -> ModelVersion:
        """Register the next version; its number is the artifact's version in the object store.

        A number that the source was not written for (MLflow hands none out twice, so deleted ones leave
        gaps), or under which the store holds an artifact already (`taken`), is given up.
        """
        with _explained():
            self._ensure_model()
            found = self._client.search_model_versions(f"name = '{self._model}'")
            expected = max(map(number_of, found), default=0) + 1
            while True:
                source = f"s3://{self._bucket}/{artifact_key(self._model, str(expected))}"
                version = self._client.create_model_version(
                    self._model, source, run_id, {FINGERPRINT: fingerprint}, await_creation_for=0
                )
                if number_of(version) == expected and not taken(str(expected)):
                    return version
                self._client.delete_model_version(self._model, version.version)
                expected = number_of(version) + 1

    def give_up(self, version: ModelVersion) -> None:
        """Delete a version whose artifact is not its own."""
        with _explained():
            self._client.delete_model_version(self._model, version.version)

    def note_gates(self, number: str, failures: list[str]) -> None:
        """Tag a version with what kept it from being released, or with `passed`."""
        with _explained():
            self._client.set_model_version_tag(self._model, number, GATES, "; ".join(failures) or "passed")

    def _begun(self, fingerprint: str) -> str:
        experiment = self._client.get_experiment_by_name(self._model)
        identity = experiment.experiment_id if experiment else self._client.create_experiment(self._model)
        found = self._client.search_runs([identity], f"tags.{FINGERPRINT} = '{fingerprint}'", max_results=1)
        run = found[0] if found else self._client.create_run(identity, tags={FINGERPRINT: fingerprint})
        return str(run.info.run_id)

    def _ensure_model(self) -> None:
        if not self._client.search_registered_models(f"name = '{self._model}'"):
            self._client.create_registered_model(self._model)


def number_of(version: ModelVersion) -> int:
    """A version's number; MLflow counts from 1 and hands a number out once."""
    return int(version.version)


def created_at(version: ModelVersion) -> datetime:
    """When MLflow registered the version; the manifest repeats it, so a rerun writes the same bytes."""
    return datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except MlflowException as error:
        hint = "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and the server's log"
        raise PipelineError(f"MLflow refused: {str(error).splitlines()[0][:500]}; {hint}") from error
