from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.readiness.jobs import state_of_job
from mlops_local.kubernetes_plugin.readiness.related import Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting
from scripted_cluster import condition, made, pod, waiting, warning


def job(status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return made("batch/v1", "Job", "train", spec=spec, status=status)


BACKOFF = condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")


@pytest.mark.parametrize(
    ("status", "spec", "expected"),
    [
        ({}, {}, Waiting("0 of 1 pods completed, 0 active")),
        ({"active": 1}, {"completions": 3}, Waiting("0 of 3 pods completed, 1 active")),
        (
            {"active": 1, "failed": 1},
            {"backoffLimit": 2},
            Waiting("0 of 1 pods completed, 1 active, 1 failed (of 2 retries)"),
        ),
        (
            {"conditions": [condition("SuccessCriteriaMet")], "succeeded": 1},
            {},
            Waiting("1 of 1 pods completed, 0 active"),
        ),
        ({"conditions": [condition("Complete")]}, {}, READY),
        (
            {"conditions": [BACKOFF]},
            {},
            Failed(("the Job failed: BackoffLimitExceeded: Job has reached the specified backoff limit",)),
        ),
        ({"conditions": [condition("Suspended")]}, {"suspend": True}, READY),
    ],
)
def test_job_is_ready_when_complete_or_suspended(
    status: dict[str, Any], spec: dict[str, Any], expected: State
) -> None:
    assert state_of_job(job(status, **spec)) == expected


def test_job_counts_the_crashes_of_its_pods_itself() -> None:
    crashing = pod("train-1", containers=[waiting("CrashLoopBackOff", restarts=5, exit_code=1)])
    state = state_of_job(job({"active": 1}), Related(pods=[crashing]))
    assert state == Waiting(
        "0 of 1 pods completed, 1 active; pod train-1, container app: CrashLoopBackOff "
        "(restarted 5 times, last: Error, exit code 1)"
    )


def test_job_whose_image_cannot_be_pulled_fails_after_a_while() -> None:
    imageless = pod("train-1", containers=[waiting("ImagePullBackOff", "Back-off pulling image")])
    assert state_of_job(job({"active": 1}), Related(pods=[imageless])) == Failed(
        ("pod train-1, container app: ImagePullBackOff: Back-off pulling image",), after_seconds=30.0
    )


@pytest.mark.parametrize(("status", "fails"), [({}, True), ({"failed": 1}, False)])
def test_job_that_may_not_make_its_first_pod_fails_after_a_while(status: dict[str, Any], fails: bool) -> None:
    obj = job(status)
    message = 'Error creating: pods "train-x" is forbidden: violates PodSecurity "restricted:latest"'
    related = Related(events=[warning(obj, "FailedCreate", message)])
    expected = Failed((f"Job ns/train may not make its pods: {message}",), after_seconds=30.0)
    assert (state_of_job(obj, related) == expected) is fails
