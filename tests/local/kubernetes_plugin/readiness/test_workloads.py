from __future__ import annotations

from typing import Any

import pytest

from mlops_local.kubernetes_plugin.readiness.related import Related
from mlops_local.kubernetes_plugin.readiness.states import READY, Failed, State, Waiting
from mlops_local.kubernetes_plugin.readiness.workloads import (
    state_of_daemon_set,
    state_of_deployment,
    state_of_stateful_set,
)
from scripted_cluster import condition, made, pod, ready_pod, waiting, warning

SEEN = {"observedGeneration": 1}
QUOTA = 'pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0'


def deployment(spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return made("apps/v1", "Deployment", spec=spec, status=SEEN | status)


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({}, {"observedGeneration": 0}, Waiting("the Deployment controller has not seen this version yet")),
        ({"replicas": 2}, {}, Waiting("0 of 2 pods updated")),
        ({"replicas": 2}, {"replicas": 3, "updatedReplicas": 1}, Waiting("1 of 2 pods updated")),
        (
            {"replicas": 2},
            {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1},
            Waiting("1 of 2 pods available"),
        ),
        (
            {"replicas": 2},
            {"replicas": 3, "updatedReplicas": 2, "availableReplicas": 3},
            Waiting("1 old pods still to go"),
        ),
        ({"replicas": 2}, {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, READY),
        ({}, {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, READY),
        ({"replicas": 0}, {}, READY),
        ({"replicas": 2, "paused": True}, {}, READY),
    ],
)
def test_deployment_is_ready_when_all_its_pods_are_new_and_available(
    spec: dict[str, Any], status: dict[str, Any], expected: State
) -> None:
    assert state_of_deployment(deployment(spec, status)) == expected


def test_deployment_past_its_progress_deadline_has_failed_unless_it_has_recovered() -> None:
    late = condition("Progressing", "False", "ProgressDeadlineExceeded", "ReplicaSet web-1 has timed out")
    conditions = {"conditions": [late]}
    assert state_of_deployment(deployment({}, conditions)) == Failed(
        ("ProgressDeadlineExceeded: ReplicaSet web-1 has timed out",)
    )
    recovered = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    assert state_of_deployment(deployment({}, conditions | recovered)) == READY


def test_deployment_says_what_its_first_unready_pod_does() -> None:
    related = Related(pods=[ready_pod("web-1"), pod("web-2", containers=[waiting("ContainerCreating")])])
    status = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}
    assert state_of_deployment(deployment({"replicas": 2}, status), related) == Waiting(
        "1 of 2 pods available; pod web-2: ContainerCreating"
    )


def test_deployment_with_a_pod_that_keeps_crashing_has_failed() -> None:
    crashing = pod(containers=[waiting("CrashLoopBackOff", "back-off 40s", restarts=3, exit_code=2)])
    assert state_of_deployment(deployment({}, {"updatedReplicas": 1}), Related(pods=[crashing])) == Failed(
        (
            "pod web-1, container app: CrashLoopBackOff: back-off 40s "
            "(restarted 3 times, last: Error, exit code 2)",
        )
    )


@pytest.mark.parametrize("reads_replica_sets", [True, False])
def test_deployment_whose_pods_a_quota_forbids_fails_after_a_while(reads_replica_sets: bool) -> None:
    refused = {"conditions": [condition("ReplicaFailure", "True", "FailedCreate", QUOTA)]}
    makers = [{"metadata": {"name": "web-abc"}, "status": refused}] if reads_replica_sets else []
    obj = deployment({}, {} if reads_replica_sets else refused)
    assert state_of_deployment(obj, Related(makers=makers)) == Failed(
        (f"Deployment ns/web may not make its pods: {QUOTA}",), after_seconds=30.0
    )


def test_refusal_of_an_older_replica_set_does_not_fail_the_deployment() -> None:
    refused = {"conditions": [condition("ReplicaFailure", "True", "FailedCreate", QUOTA)]}
    current = {"metadata": {"name": "web-new"}, "status": {}}
    assert state_of_deployment(deployment({}, refused), Related(makers=[current])) == Waiting(
        "0 of 1 pods updated"
    )


def stateful_set(status: dict[str, Any], replicas: int = 2, **strategy: Any) -> dict[str, Any]:
    spec = {"replicas": replicas, "updateStrategy": strategy or {"type": "RollingUpdate"}}
    return made("apps/v1", "StatefulSet", spec=spec, status=SEEN | status)


SAME = {"currentRevision": "a", "updateRevision": "a"}
ROLLING = {"currentRevision": "a", "updateRevision": "b"}
PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}


@pytest.mark.parametrize(
    ("status", "strategy", "expected"),
    [
        (
            {"observedGeneration": 0},
            {},
            Waiting("the StatefulSet controller has not seen this version yet"),
        ),
        (SAME | {"replicas": 2, "availableReplicas": 1}, {}, Waiting("1 of 2 pods available")),
        (SAME | {"replicas": 2, "readyReplicas": 2}, {}, READY),
        (
            SAME | {"replicas": 2, "readyReplicas": 2, "availableReplicas": 1},
            {},
            Waiting("1 of 2 pods available"),
        ),
        (SAME | {"replicas": 3, "availableReplicas": 3}, {}, Waiting("1 pods too many")),
        (ROLLING | {"replicas": 2, "availableReplicas": 2}, {}, Waiting("0 of 2 pods updated")),
        (
            ROLLING | {"replicas": 2, "availableReplicas": 2, "updatedReplicas": 1},
            {},
            Waiting("1 of 2 pods updated"),
        ),
        (ROLLING | {"replicas": 2, "availableReplicas": 2, "updatedReplicas": 1}, PARTITION, READY),
        (ROLLING | {"replicas": 2, "availableReplicas": 2}, {"type": "OnDelete"}, READY),
        (
            ROLLING | {"replicas": 2, "availableReplicas": 1},
            {"type": "OnDelete"},
            Waiting("1 of 2 pods available"),
        ),
    ],
)
def test_stateful_set_is_ready_when_rolled_out_as_far_as_its_strategy_goes(
    status: dict[str, Any], strategy: dict[str, Any], expected: State
) -> None:
    assert state_of_stateful_set(stateful_set(status, **strategy)) == expected


def test_stateful_set_without_pods_fails_when_they_are_forbidden() -> None:
    obj = stateful_set(SAME)
    related = Related(events=[warning(obj, "FailedCreate", f"create Pod web-0 failed: {QUOTA}")])
    state = state_of_stateful_set(obj, related)
    assert state == Failed(
        (f"StatefulSet ns/web may not make its pods: create Pod web-0 failed: {QUOTA}",), after_seconds=30.0
    )
    with_pod = Related(pods=[ready_pod("web-0")], events=related.events)
    assert state_of_stateful_set(obj, with_pod) == Waiting("0 of 2 pods available")


@pytest.mark.parametrize(("revision", "fails"), [("a", False), ("b", True)])
def test_only_pods_of_the_new_revision_fail_a_stateful_set(revision: str, fails: bool) -> None:
    crashing = pod(
        "web-1",
        labels={"controller-revision-hash": revision},
        containers=[waiting("CrashLoopBackOff", restarts=9, exit_code=1)],
    )
    state = state_of_stateful_set(stateful_set(ROLLING), Related(pods=[crashing]))
    assert isinstance(state, Failed) is fails


def daemon_set(status: dict[str, Any], strategy: str = "RollingUpdate") -> dict[str, Any]:
    return made("apps/v1", "DaemonSet", spec={"updateStrategy": {"type": strategy}}, status=SEEN | status)


@pytest.mark.parametrize(
    ("status", "strategy", "expected"),
    [
        (
            {"observedGeneration": 0},
            "RollingUpdate",
            Waiting("the DaemonSet controller has not seen this version yet"),
        ),
        ({"desiredNumberScheduled": 0}, "RollingUpdate", READY),
        (
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 1},
            "RollingUpdate",
            Waiting("1 of 2 pods updated"),
        ),
        (
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1},
            "RollingUpdate",
            Waiting("1 of 2 pods available"),
        ),
        (
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2},
            "RollingUpdate",
            READY,
        ),
        ({"desiredNumberScheduled": 2, "numberAvailable": 2}, "OnDelete", READY),
    ],
)
def test_daemon_set_is_ready_when_every_node_runs_the_new_pod(
    status: dict[str, Any], strategy: str, expected: State
) -> None:
    assert state_of_daemon_set(daemon_set(status, strategy)) == expected


def test_daemon_set_with_an_image_that_cannot_be_pulled_fails_after_a_while() -> None:
    related = Related(pods=[pod(containers=[waiting("ErrImagePull", "not found")])])
    assert state_of_daemon_set(daemon_set({"desiredNumberScheduled": 1}), related) == Failed(
        ("pod web-1, container app: ErrImagePull: not found",), after_seconds=30.0
    )
