from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.readiness.pods import hopeless, note, problems, state_of_pod
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting
from scripted_cluster import condition, pod, ready_pod, waiting

UNSCHEDULABLE = condition(
    "PodScheduled", "False", "Unschedulable", "0/1 nodes are available: 1 Insufficient cpu."
)
RUNNING = {"name": "app", "state": {"running": {}}, "ready": False, "restartCount": 0}
ENDED = {"name": "app", "state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}, "restartCount": 0}
RESTARTED = RUNNING | {"restartCount": 1, "lastState": ENDED["state"]}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (ready_pod(), READY),
        (pod(phase="Succeeded"), READY),
        (pod(), Waiting("pod web-1: not scheduled yet")),
        (pod(spec={"nodeName": "n"}), Waiting("pod web-1: Pending")),
        (
            pod(conditions=[UNSCHEDULABLE]),
            Waiting("pod web-1: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu."),
        ),
        (pod(containers=[waiting("ContainerCreating")]), Waiting("pod web-1: ContainerCreating")),
        (pod(phase="Running", containers=[RUNNING]), Waiting("pod web-1: running, not ready yet")),
        (
            pod(phase="Running", containers=[RESTARTED]),
            Waiting("pod web-1, container app: restarted 1 times, last: OOMKilled, exit code 137"),
        ),
        (
            pod(containers=[waiting("CreateContainerConfigError", 'secret "key" not found')]),
            Waiting('pod web-1, container app: CreateContainerConfigError: secret "key" not found'),
        ),
        (
            pod(containers=[waiting("CrashLoopBackOff", restarts=2, exit_code=1)]),
            Waiting(
                "pod web-1, container app: CrashLoopBackOff (restarted 2 times, last: Error, exit code 1)"
            ),
        ),
        (
            pod(containers=[waiting("CrashLoopBackOff", restarts=3, exit_code=1)]),
            Failed(
                ("pod web-1, container app: CrashLoopBackOff (restarted 3 times, last: Error, exit code 1)",)
            ),
        ),
        (
            pod(phase="Failed", containers=[ENDED]),
            Failed(("pod web-1, container app: OOMKilled, exit code 137",)),
        ),
        (
            pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
            Failed(("pod web-1: Evicted: The node was low on resource: memory.",)),
        ),
    ],
)
def test_pod_is_ready_when_it_runs_ready_or_ended_well(obj: dict[str, Any], expected: State) -> None:
    assert state_of_pod(obj) == expected


@pytest.mark.parametrize(
    "reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"]
)
def test_image_that_cannot_be_had_counts_after_thirty_seconds(reason: str) -> None:
    assert hopeless([ready_pod("web-0"), pod(containers=[waiting(reason, "no")])]) == Failed(
        (f"pod web-1, container app: {reason}: no",), after_seconds=30.0
    )


def test_crash_counts_at_once_even_beside_a_missing_image() -> None:
    crashing = pod("web-1", containers=[waiting("CrashLoopBackOff", restarts=3, exit_code=1)])
    imageless = pod("web-2", containers=[waiting("ErrImagePull")])
    found = hopeless([imageless, crashing])
    assert found is not None
    assert (found.after_seconds, len(found.reasons)) == (0.0, 1)


def test_init_container_speaks_before_the_containers_that_wait_for_it() -> None:
    init = waiting("CrashLoopBackOff", restarts=1, exit_code=1) | {"name": "setup"}
    obj = pod(containers=[waiting("PodInitializing")], initContainerStatuses=[init])
    assert problems(obj) == [
        "pod web-1, container setup: CrashLoopBackOff (restarted 1 times, last: Error, exit code 1)"
    ]


def test_pod_with_a_problem_is_noted_before_one_that_only_starts() -> None:
    starting = pod("web-1", containers=[waiting("ContainerCreating")])
    stuck = pod("web-2", conditions=[UNSCHEDULABLE])
    assert note([starting, stuck]).startswith("pod web-2: Unschedulable")
    assert note([ready_pod()]) == ""
