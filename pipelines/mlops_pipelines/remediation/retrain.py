"""Retraining: one more Job of the endpoint's pipeline, from the Job that the Pipeline component declares."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlops_pipelines.errors import PipelineError
from mlops_pipelines.remediation.kubernetes import Kubernetes, Object
from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.records import Outcome
from mlops_pipelines.remediation.rollback import Result

KEEP_SECONDS = 7 * 24 * 3600
"""How long the finished Job stays for its logs; no stack knows it, so nobody else removes it."""


def retrain(kubernetes: Kubernetes, folder: Path, incident: Incident, identity: str) -> Result:
    """Start the Job, unless this remediation has done so already; never beside a run that is under way.

    Raises:
        PipelineError: the Job's file is not there, or the API server refused or did not answer.
    """
    wanted = manifest(template(folder, incident.endpoint), incident, identity)
    name, namespace = wanted["metadata"]["name"], wanted["metadata"]["namespace"]
    pipeline = name.removesuffix(f"-{identity}")
    running = active(kubernetes.jobs(namespace, wanted["metadata"]["labels"]), pipeline)
    if name not in running and running:
        return Result(Outcome.FAILED, f"Job {running[0]} is running; the pipeline never runs twice at once")
    if kubernetes.create_job(wanted):
        return Result(Outcome.DONE, f"started Job {namespace}/{name}")
    return Result(Outcome.DONE, f"Job {namespace}/{name} was started before")


def template(folder: Path, endpoint: str) -> Object:
    """The Job that the component wrote for an endpoint.

    Raises:
        PipelineError: there is none, or it is not JSON.
    """
    try:
        found: Any = json.loads((folder / f"{endpoint}.json").read_bytes())
    except (OSError, ValueError) as error:
        raise PipelineError(f"endpoint {endpoint} has no Job to start: {error}") from error
    return dict(found)


def manifest(base: Object, incident: Incident, identity: str) -> Object:
    """The Job to create. Pure.

    It is called like a CronJob's Jobs, `<pipeline>-<digits>`, so the alerts about a pipeline know it, and
    its variables tell the pipeline what it is for.
    """
    job = copy.deepcopy(base)
    meta, spec = job["metadata"], job["spec"]
    meta["name"] = f"{meta['name']}-{identity}"
    meta["annotations"] = {
        **meta.get("annotations", {}),
        "mlops/alert": incident.alert,
        "mlops/endpoint": incident.endpoint,
        "mlops/remediation": identity,
    }
    spec["ttlSecondsAfterFinished"] = KEEP_SECONDS
    container = spec["template"]["spec"]["containers"][0]
    container["env"] = [
        *container.get("env", []),
        {"name": "MLOPS_RETRAIN_ID", "value": identity},
        {"name": "MLOPS_RETRAIN_ALERT", "value": incident.alert},
    ]
    return job


def active(jobs: Iterable[Object], pipeline: str) -> list[str]:
    """Names of a pipeline's Jobs that are neither complete nor failed, sorted. Pure."""
    ours = re.compile(re.escape(pipeline) + r"(-[0-9]+)?")
    return sorted(
        job["metadata"]["name"]
        for job in jobs
        if ours.fullmatch(job["metadata"]["name"]) and not _finished(job)
    )


def _finished(job: Object) -> bool:
    conditions = job.get("status", {}).get("conditions") or []
    return any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)
