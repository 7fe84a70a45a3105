from __future__ import annotations

from mlops_local.kubernetes_plugin.errors import ClusterUnreachableError
from mlops_local.kubernetes_plugin.readiness.diagnosis import explained
from mlops_local.kubernetes_plugin.readiness.related import Related
from scripted_cluster import ScriptedClient, condition, made, pod, ready_pod, waiting, warning

EVENTS = "/api/v1/namespaces/ns/events"
DEPLOYMENT = made("apps/v1", "Deployment")
MAKER = made("apps/v1", "ReplicaSet", "web-abc")
CRASHING = pod("web-1", containers=[waiting("CrashLoopBackOff", "back-off 40s", restarts=3, exit_code=1)])
CRASH = (
    "pod web-1, container app: CrashLoopBackOff: back-off 40s (restarted 3 times, last: Error, exit code 1)"
)


def test_crash_is_explained_by_reason_events_and_the_last_ten_log_lines() -> None:
    events = [
        warning(DEPLOYMENT, "Odd", "on the deployment"),
        warning(MAKER, "FailedCreate", "on the replica set"),
        warning(CRASHING, "BackOff", "Back-off restarting failed container", count=7),
    ]
    log = "\n".join(f"line {number}" for number in range(1, 13))
    client = ScriptedClient(collections={EVENTS: events}, logs={"app": log})
    related = Related(pods=[ready_pod("web-0"), CRASHING], makers=[MAKER])
    assert explained(client, DEPLOYMENT, related, [CRASH]) == [
        CRASH,
        "event on Deployment web: Odd: on the deployment",
        "event on ReplicaSet web-abc: FailedCreate: on the replica set",
        "event on Pod web-1 (7 times): BackOff: Back-off restarting failed container",
        "last log lines of pod web-1, container app:\n"
        + "\n".join(f"    line {number}" for number in range(3, 13)),
    ]


def test_pod_that_was_never_placed_has_its_schedulers_message_and_no_log() -> None:
    unplaced = pod(conditions=[condition("PodScheduled", "False", "Unschedulable", "1 Insufficient memory")])
    client = ScriptedClient(logs={"app": "never asked for"})
    assert explained(client, DEPLOYMENT, Related(pods=[unplaced]), ["not ready after 5 s"]) == [
        "not ready after 5 s",
        "pod web-1: Unschedulable: 1 Insufficient memory",
    ]


def test_only_the_newest_events_and_pods_are_shown() -> None:
    pods = [pod(f"web-{number}") for number in range(5)]
    events = [warning(DEPLOYMENT, "Odd", f"number {number}", last=str(number)) for number in range(5)]
    client = ScriptedClient(collections={EVENTS: events})
    assert explained(client, DEPLOYMENT, Related(pods=pods), []) == [
        "pod web-2: not scheduled yet",
        "pod web-3: not scheduled yet",
        "pod web-4: not scheduled yet",
        "event on Deployment web: Odd: number 2",
        "event on Deployment web: Odd: number 3",
        "event on Deployment web: Odd: number 4",
    ]


def test_awaited_pod_is_not_asked_for_twice() -> None:
    client = ScriptedClient(collections={EVENTS: [warning(CRASHING, "BackOff", "again")]})
    lines = explained(client, CRASHING, Related(pods=[CRASHING]), [])
    assert lines == [CRASH, "event on Pod web-1: BackOff: again"]
    assert len(client.asked) == 1


def test_cluster_that_goes_away_meanwhile_does_not_hide_the_reason() -> None:
    client = ScriptedClient(collections={EVENTS: ClusterUnreachableError("no answer")})
    assert explained(client, DEPLOYMENT, Related(), ["it failed"]) == [
        "it failed",
        "no further details: no answer",
    ]
