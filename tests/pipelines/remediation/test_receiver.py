"""The receiver as a process: what Alertmanager sees of it, what it does, and what is left afterwards."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from mlops_pipelines.remediation import app, records, worker
from mlops_pipelines.remediation.records import Outcome, Record
from mlops_pipelines.remediation.settings import KUBERNETES_SECONDS, STORE_SECONDS
from mlops_serving import release
from mlops_serving.store import NotModified, Store, store_settings
from remediation_stories import (
    DEADLINE,
    TOKEN,
    Receiver,
    alert,
    notification,
    policy,
    released,
    rule,
)
from scripted_kubernetes import ScriptedKubernetes
from serving_process import Gateway, wait_until

pytestmark = pytest.mark.timeout(300)
Start = Callable[..., Receiver]
DRIFT = notification(alert())
ROLLBACK = rule("MlopsErrorBudgetBurnsFast", "rollback")


def kept(store: Store) -> list[Record]:
    folder = records.folder("mortgage")
    return [Record.model_validate_json(store.get(f"{folder}/{name}").data) for name in store.list(folder)]


def test_nothing_is_done_but_recorded_until_the_settings_say_otherwise(
    start: Start, cluster: ScriptedKubernetes, store: Store
) -> None:
    receiver = start(policy(rule(), ROLLBACK, dry_run=True))
    released(store, "1", "2")
    assert receiver.send(notification(alert(), alert(ROLLBACK.alert))).status_code == 200
    receiver.wait_for("dry-run")
    receiver.wait_for("dry-run", action="rollback")
    assert cluster.asked == []
    assert release_number(store) == 2
    assert {(one.action, one.outcome, one.dry_run) for one in kept(store)} == {
        ("retrain", Outcome.DRY_RUN, True),
        ("rollback", Outcome.DRY_RUN, True),
    }
    assert receiver.metric("mlops_remediation_dry_run") == 1


def release_number(store: Store) -> int:
    found = release.current(store, "mortgage")
    assert not isinstance(found, NotModified)
    return found[0].number


def test_a_retraining_is_recorded_before_and_after_and_logged(
    start: Start, cluster: ScriptedKubernetes, store: Store
) -> None:
    receiver = start(policy())
    answer = receiver.send(DRIFT)
    assert (answer.status_code, answer.json()) == (200, {"decision": 1, "ignored": 0, "resolved": 0})
    receiver.wait_for("done")
    [name] = cluster.names()
    before, after = kept(store)
    assert (before.outcome, after.outcome) == (Outcome.BEGUN, Outcome.DONE)
    assert before.id == after.id == name.removeprefix("approval-pipeline-")
    assert after.detail == f"started Job models/{name}"
    assert after.labels == alert()["labels"]
    lines = [line for line in receiver.logged() if line["message"].startswith("remediation ")]
    assert [(line["message"], line["id"], line["dry_run"]) for line in lines] == [
        ("remediation begun", before.id, False),
        ("remediation done", before.id, False),
    ]


def test_repetitions_do_nothing_and_are_no_records_even_after_a_restart(
    start: Start, cluster: ScriptedKubernetes, store: Store
) -> None:
    receiver = start(policy())
    for _ in range(3):
        assert receiver.send(DRIFT).status_code == 200
    receiver.wait_for("repeat", 2)
    receiver.kill()
    receiver = start(policy())
    receiver.send(DRIFT)
    receiver.wait_for("repeat")
    receiver.send(notification(alert(since=datetime.now(UTC))))
    receiver.wait_for("cooldown")
    assert len(cluster.jobs) == 1
    assert [one.outcome for one in kept(store)] == [Outcome.BEGUN, Outcome.DONE, Outcome.COOLDOWN]


def test_a_receiver_that_was_killed_while_acting_finishes_under_the_same_number(
    start: Start, cluster: ScriptedKubernetes, store: Store
) -> None:
    receiver = start(policy())
    cluster.hang.set()
    receiver.send(DRIFT)
    wait_until(lambda: cluster.asked, DEADLINE)
    receiver.kill()
    cluster.hang.clear()
    receiver = start(policy())
    receiver.send(DRIFT)
    receiver.wait_for("done")
    assert len(cluster.jobs) == 1
    found = kept(store)
    assert [one.outcome for one in found] == [Outcome.BEGUN, Outcome.BEGUN, Outcome.DONE]
    assert len({one.id for one in found}) == 1


def test_a_rollback_on_a_real_object_store_is_the_next_release(start: Start, gateway: Gateway) -> None:
    environ = gateway.environ("models")
    store = Store(store_settings(environ))
    released(store, "1", "2")
    receiver = start(policy(ROLLBACK), environ)
    receiver.send(notification(alert(ROLLBACK.alert)))
    receiver.wait_for("done", action="rollback")
    made = release.record(store, "mortgage", 3)
    assert (made.stable_version, made.previous, made.who) == ("1", 2, "remediation")
    assert [one.detail for one in kept(store)] == ["", "release 3 serves version 1 again"]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "\xfc"])
def test_without_the_token_nothing_is_looked_at(start: Start, token: str) -> None:
    receiver = start(policy())
    headers = {b"authorization": f"Bearer {token}".encode("latin-1")} if token else {}
    answer = httpx.post(f"{receiver.url}/alerts", json=DRIFT, headers=headers, timeout=DEADLINE)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert receiver.metric('mlops_remediation_notifications_total{result="unauthorized"}') == 1


def test_malformed_and_too_large_bodies_are_refused_and_the_next_is_answered(
    start: Start, cluster: ScriptedKubernetes
) -> None:
    receiver = start(policy())
    assert receiver.send(b"{").status_code == 400
    assert "of version 4, at version" in receiver.send({**DRIFT, "version": "5"}).json()["error"]
    assert receiver.send(b" " * (app.LARGEST_BODY + 1)).status_code == 413
    assert endless(receiver) <= 16 * app.LARGEST_BODY
    assert receiver.send(notification(alert(status="resolved"))).json()["resolved"] == 1
    assert receiver.send(DRIFT).status_code == 200
    receiver.wait_for("done")
    assert receiver.metric('mlops_remediation_notifications_total{result="too_large"}') == 2


def endless(receiver: Receiver) -> int:
    """Bytes of an endless body that were sent before the receiver had enough."""
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64 * app.LARGEST_BODY:
            yield b" " * 65_536
            sent += 65_536

    headers = {"authorization": f"Bearer {TOKEN}"}
    try:
        answer = httpx.post(f"{receiver.url}/alerts", content=body(), headers=headers, timeout=DEADLINE)
        assert answer.status_code == 413
    except httpx.WriteError:
        pass
    return sent


def test_a_storm_of_500_alerts_is_one_decision_an_endpoint_in_little_time_and_memory(
    start: Start, cluster: ScriptedKubernetes, store: Store
) -> None:
    receiver = start(policy())
    receiver.send(notification())
    before = memory_of(receiver)
    storm = notification(
        *(alert(feature=f"feature-{n}", hostile=f"{n}" * 200) for n in range(250)),
        *(alert(endpoint=f"endpoint-{n}") for n in range(250)),
    )
    begun = time.monotonic()
    assert receiver.send(storm).json() == {"decision": 250, "ignored": 250, "resolved": 0}
    assert time.monotonic() - begun < KUBERNETES_SECONDS
    receiver.wait_for("done")
    assert [one.alerts for one in kept(store)] == [250, 250]
    assert len(cluster.jobs) == 1
    assert memory_of(receiver) - before < 32 << 20
    text = httpx.get(f"{receiver.url}/metrics", timeout=DEADLINE).text
    assert "feature-" not in text
    assert "endpoint-" not in text


def memory_of(receiver: Receiver) -> int:
    """Resident bytes of its process."""
    return int(Path(f"/proc/{receiver.process.pid}/statm").read_text().split()[1]) * 4096


def test_while_the_api_server_hangs_calls_are_answered_at_once_and_a_full_queue_with_503(
    start: Start, cluster: ScriptedKubernetes
) -> None:
    receiver = start(policy())
    cluster.hang.set()
    receiver.send(DRIFT)
    wait_until(lambda: cluster.asked, DEADLINE)
    begun = time.monotonic()
    answers = [receiver.send(DRIFT) for _ in range(worker.QUEUE + 1)]
    assert time.monotonic() - begun < KUBERNETES_SECONDS
    assert [answer.status_code for answer in answers] == [*[200] * worker.QUEUE, 503]
    assert answers[-1].headers["retry-after"] == "5"
    assert receiver.status("/healthz") == 200
    assert receiver.metric("mlops_remediation_queued") == worker.QUEUE
    cluster.hang.clear()
    receiver.wait_for("failed")
    receiver.wait_for("done")
    receiver.wait_for("repeat", worker.QUEUE - 1)
    assert len(cluster.jobs) == 1


def test_a_stop_finishes_what_was_accepted(start: Start, cluster: ScriptedKubernetes, store: Store) -> None:
    receiver = start(policy())
    cluster.hang.set()
    receiver.send(DRIFT)
    wait_until(lambda: cluster.asked, DEADLINE)
    receiver.send(DRIFT)
    cluster.hang.clear()
    cluster.let_go.set()
    assert receiver.terminate() == 0
    assert len(cluster.jobs) == 1
    assert kept(store)[-1].outcome is Outcome.DONE


def test_while_the_store_is_away_it_is_not_ready_and_comes_with_it(start: Start, gateway: Gateway) -> None:
    environ = gateway.environ("models")
    gateway.stop()
    receiver = start(policy(), environ, wait=False)
    wait_until(lambda: receiver.status() == 503, DEADLINE)
    assert receiver.status("/healthz") == 200
    assert receiver.send(DRIFT).status_code == 503
    gateway.start()
    receiver.wait_ready()
    assert receiver.send(DRIFT).status_code == 200


def test_a_store_that_hangs_costs_the_decision_and_nothing_is_done_without_a_record(
    start: Start, cluster: ScriptedKubernetes, gateway: Gateway
) -> None:
    receiver = start(policy(), gateway.environ("models"))
    assert gateway.process
    gateway.process.send_signal(signal.SIGSTOP)
    # Until all its threads have stopped, one may still answer.
    os.waitid(os.P_PID, gateway.process.pid, os.WSTOPPED | os.WNOWAIT)
    try:
        begun = time.monotonic()
        assert receiver.send(DRIFT).status_code == 200
        assert time.monotonic() - begun < STORE_SECONDS
        wait_until(lambda: receiver.metric("mlops_remediation_unrecorded_total") == 1, DEADLINE)
    finally:
        gateway.process.send_signal(signal.SIGCONT)
    assert cluster.asked == []
    receiver.send(DRIFT)
    receiver.wait_for("done")
    assert len(cluster.jobs) == 1


def test_a_body_that_stops_coming_is_given_up(start: Start) -> None:
    receiver = start(policy())
    head = f"POST /alerts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=app.BODY_SECONDS + DEADLINE) as slow:
        slow.sendall(head.encode())
        assert receiver.send(DRIFT).status_code == 200
        assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
