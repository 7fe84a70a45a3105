from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mlops_local.kubernetes_plugin.errors import ApiError, ClusterUnreachableError, PluginError
from mlops_local.kubernetes_plugin.readiness import NotReady, WaitCancelled, wait_ready
from scripted_cluster import Hours, Object, ScriptedClient, condition, made, pod, ready_pod, waiting

PENDING = pod("web")
CREATING = pod("web", containers=[waiting("ContainerCreating")])
IMAGELESS = pod("web", containers=[waiting("ErrImagePull", "not found")])
BACKING_OFF = pod("web", containers=[waiting("ImagePullBackOff", "not found")])
CRASHING = pod("web", containers=[waiting("CrashLoopBackOff", restarts=3, exit_code=1)])
DONE = ready_pod("web")


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def said() -> list[str]:
    return []


Wait = Callable[..., dict[str, Any]]


@pytest.fixture
def wait(hours: Hours, said: list[str]) -> Wait:
    """`wait(live, answers, timeout=60, cancelled_at=None)` on a client that gives `answers`."""

    def waited(
        live: Object,
        answers: Sequence[Object | Exception | None],
        timeout: float = 60.0,
        cancelled_at: float | None = None,
        **parts: Any,
    ) -> dict[str, Any]:
        def cancelled() -> bool:
            return cancelled_at is not None and hours.seconds >= cancelled_at

        client = ScriptedClient(answers, **parts)
        return wait_ready(client, live, timeout, said.append, cancelled, hours.clock)

    return waited


def test_object_that_is_ready_at_once_costs_no_request_and_no_time(
    wait: Wait, hours: Hours, said: list[str]
) -> None:
    assert wait(DONE, [AssertionError("asked again")]) == DONE
    assert (hours.seconds, said) == (0.0, [])


def test_newest_object_is_returned_and_each_change_is_said_once(
    wait: Wait, hours: Hours, said: list[str]
) -> None:
    assert wait(PENDING, [PENDING, CREATING, CREATING, DONE]) == DONE
    assert said == ["waiting: pod web: not scheduled yet", "waiting: pod web: ContainerCreating"]
    assert hours.seconds == 2.0


def test_deadline_ends_the_wait_with_reasons(wait: Wait, hours: Hours) -> None:
    with pytest.raises(NotReady) as caught:
        wait(PENDING, [CREATING], timeout=1.2)
    assert caught.value.live == CREATING
    assert caught.value.reasons == ["not ready after 1.2 s", "pod web: ContainerCreating"]
    assert str(caught.value) == (
        "Pod ns/web is not ready:\n  not ready after 1.2 s\n  pod web: ContainerCreating"
    )
    assert hours.seconds == pytest.approx(1.2)


def test_object_that_becomes_ready_at_the_deadline_is_ready(wait: Wait) -> None:
    assert wait(PENDING, [PENDING, DONE], timeout=1.0) == DONE


def test_final_failure_ends_the_wait_at_once_with_the_log(wait: Wait, hours: Hours) -> None:
    with pytest.raises(NotReady) as caught:
        wait(PENDING, [CRASHING], logs={"app": "no such table"})
    assert hours.seconds == 0.5
    assert caught.value.reasons == [
        "pod web, container app: CrashLoopBackOff (restarted 3 times, last: Error, exit code 1)",
        "last log lines of pod web, container app:\n    no such table",
    ]


def test_image_that_stays_missing_ends_the_wait_after_thirty_seconds(wait: Wait, hours: Hours) -> None:
    with pytest.raises(NotReady):
        wait(PENDING, [IMAGELESS, IMAGELESS, BACKING_OFF], timeout=600.0)
    assert hours.seconds == 30.5


def test_image_that_comes_after_all_begins_the_thirty_seconds_anew(wait: Wait, hours: Hours) -> None:
    answers = [*[IMAGELESS] * 50, CREATING, *[IMAGELESS] * 50, DONE]
    assert wait(PENDING, answers, timeout=600.0) == DONE
    assert hours.seconds == 51.0


def test_cancelling_ends_the_wait_within_one_poll(wait: Wait, hours: Hours) -> None:
    with pytest.raises(WaitCancelled) as caught:
        wait(PENDING, [CREATING], cancelled_at=0.7)
    assert hours.seconds == 1.0
    assert caught.value.reasons == ["cancelled while waiting", "pod web: ContainerCreating"]


def test_api_server_that_restarts_is_waited_for(wait: Wait, said: list[str]) -> None:
    down = ClusterUnreachableError("connection refused")
    busy = ApiError(503, "ServiceUnavailable", "shutting down", {})
    assert wait(PENDING, [busy, down, DONE]) == DONE
    assert said[1:] == ["waiting: shutting down", "waiting: connection refused"]


def test_request_that_is_refused_is_not_repeated(wait: Wait) -> None:
    with pytest.raises(ApiError, match="pods is forbidden"):
        wait(PENDING, [ApiError(403, "Forbidden", "pods is forbidden", {})])


@pytest.mark.parametrize(
    ("live", "advice"),
    [
        (PENDING, "it was deleted by somebody else while this waited; run again"),
        (
            made("batch/v1", "Job", spec={"ttlSecondsAfterFinished": 0}),
            "it was deleted before its end was seen; set ttlSecondsAfterFinished to 5 or more",
        ),
    ],
)
def test_object_that_disappears_ends_the_wait(wait: Wait, live: Object, advice: str) -> None:
    with pytest.raises(NotReady) as caught:
        wait(live, [None])
    assert (caught.value.live, caught.value.reasons) == (live, [advice])


def test_annotation_that_cannot_be_read_is_refused_before_anything_is_asked(wait: Wait) -> None:
    obj = made("v1", "ConfigMap", metadata={"annotations": {"pulumi.com/waitFor": "soon"}})
    with pytest.raises(PluginError, match="cannot read 'soon'"):
        wait(obj, [AssertionError("asked")])


def test_annotation_is_waited_for_on_a_kind_that_has_no_rule(wait: Wait, said: list[str]) -> None:
    metadata = {"annotations": {"pulumi.com/waitFor": "condition=Ready"}}
    early = made("example.com/v1", "Thing", metadata=metadata)
    done = early | {"status": {"conditions": [condition("Ready")]}}
    assert wait(early, [early, done]) == done
    assert said == ["waiting: no condition Ready yet"]
