from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mlops_cli.environment import Environment
from mlops_cli.errors import NotServing
from mlops_cli.main import app
from mlops_cli.monitoring import logs
from mlops_cli.monitoring.log_lines import Line
from mlops_cli.monitoring.log_pods import LogPods
from mlops_cli.monitoring.reach import api_of
from mlops_local.kubernetes_plugin.errors import ApiError, ClusterUnreachableError
from scripted_api import ScriptedApi, ScriptedPod, status
from serving_process import free_port, wait_until

LABELS = {"app.kubernetes.io/name": "model-endpoint", "app.kubernetes.io/instance": "mortgage"}


def at(second: int, text: str, fraction: str = "5") -> str:
    """A line as the kubelet sends it."""
    return f"2026-11-28T11:20:{second:02}.{fraction}Z {text}"


@pytest.fixture
def pods(environment: Environment) -> Iterator[LogPods]:
    """The pods of the endpoint behind the scripted API server."""
    api = api_of(environment)
    yield LogPods(api, "mlops-models", LABELS)
    api.close()


@pytest.fixture
def run(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in the environment's workspace."""
    monkeypatch.chdir(environment.paths.workspace)
    monkeypatch.setenv("TZ", "UTC")
    return lambda *arguments: CliRunner().invoke(app, ["logs", "mortgage", "--env", "test", *arguments])


class Follower:
    """What following gives, in a thread; `notes` is what it reports."""

    def __init__(self, pods: LogPods) -> None:
        self.texts: list[str] = []
        self.notes: list[str] = []
        self._lines = logs.follow(pods, 600, self.notes.append)
        self._over = threading.Event()
        # A test that fails must not keep the process.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def waits_for(self, *texts: str) -> None:
        wait_until(lambda: len(self.texts) >= len(texts))
        assert self.texts == list(texts)

    def stop(self) -> None:
        self._over.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        for line in self._lines:
            self.texts.append(line.text)
            if self._over.is_set() or line.text == "over":
                return


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks for pods often enough for a test."""
    monkeypatch.setattr(logs, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(logs, "WINDOW_SECONDS", 0.3)


def test_all_replicas_are_merged_by_time(api: ScriptedApi, pods: LogPods) -> None:
    api.pods = {
        "mortgage-a": ScriptedPod([at(1, "one"), at(3, "three"), at(5, "five")]),
        "mortgage-b": ScriptedPod([at(2, "two"), at(4, "four")]),
        "mortgage-new": ScriptedPod(started=False),
    }
    found = list(logs.read(pods, 600, pytest.fail))
    assert [(line.pod, line.text) for line in found] == [
        ("mortgage-a", "one"),
        ("mortgage-b", "two"),
        ("mortgage-a", "three"),
        ("mortgage-b", "four"),
        ("mortgage-a", "five"),
    ]
    assert api.asked[0] == (
        "/api/v1/namespaces/mlops-models/pods?labelSelector="
        "app.kubernetes.io%2Fname%3Dmodel-endpoint%2Capp.kubernetes.io%2Finstance%3Dmortgage"
    )
    assert sorted(api.asked[1:])[0] == (
        "/api/v1/namespaces/mlops-models/pods/mortgage-a/log"
        "?container=server&timestamps=true&sinceSeconds=600"
    )


def test_the_run_before_a_restart_is_read_too(api: ScriptedApi, pods: LogPods) -> None:
    api.pods = {
        "a": ScriptedPod([at(2, "anew")], previous=[at(1, "out of memory")], restarts=1),
        "b": ScriptedPod([at(3, "well")], restarts=2),
    }
    assert [line.text for line in logs.read(pods, 600, pytest.fail)] == ["out of memory", "anew", "well"]


@pytest.mark.usefixtures("fast")
def test_of_too_many_pods_some_are_read_which_is_told_once(
    api: ScriptedApi, pods: LogPods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOST_PODS", 2)
    api.pods = {name: ScriptedPod([at(second, name)]) for second, name in enumerate("abc", 1)}
    follower = Follower(pods)
    follower.waits_for("a", "b")
    asked = len(api.asked)
    wait_until(lambda: len(api.asked) > asked + 3)
    api.pods.pop("a").end()
    follower.waits_for("a", "b", "c")
    api.pods["b"].write(at(9, "over"))
    follower.stop()
    assert follower.notes == ["there are 3 pods; 2 of them are read"]


def test_no_pod_is_an_error(pods: LogPods) -> None:
    with pytest.raises(NotServing, match="no pod of the endpoint"):
        logs.read(pods, 600, pytest.fail)


def test_a_refused_log_is_an_error_after_what_was_read(
    api: ScriptedApi, pods: LogPods, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.pods = {"a": ScriptedPod([at(1, "one")]), "b": ScriptedPod()}
    real = LogPods.lines

    def lines(self: LogPods, pod: str, *args: int, **more: bool) -> Iterator[Line]:
        if pod == "b":
            raise ApiError(403, "Forbidden", "pods/log is forbidden", {})
        return real(self, pod, *args, **more)

    monkeypatch.setattr(LogPods, "lines", lines)
    found: list[str] = []
    with pytest.raises(ApiError, match="pods/log is forbidden"):
        found += (line.text for line in logs.read(pods, 600, pytest.fail))
    assert found == ["one"]


def test_a_refusal_is_told_and_not_taken_for_an_empty_log(api: ScriptedApi, pods: LogPods) -> None:
    api.refused = status(403, "Forbidden", 'pods is forbidden: User "reader" cannot list')
    with pytest.raises(ApiError, match="cannot list"):
        logs.read(pods, 600, pytest.fail)
    with pytest.raises(ApiError, match="cannot list"):
        list(pods.lines("a", 600))


def test_an_api_server_that_is_away_is_an_error(
    tmp_path: Path, api: ScriptedApi, environment: Environment
) -> None:
    text = api.kubeconfig().replace(api.url, f"http://127.0.0.1:{free_port()}")
    (tmp_path / "kubeconfig").write_text(text)
    with pytest.raises(ClusterUnreachableError, match="Is the cluster up"):
        logs.follow(LogPods(api_of(environment), "mlops-models", LABELS), 600, pytest.fail)


@pytest.mark.usefixtures("fast")
def test_pods_that_come_go_and_restart_are_followed(api: ScriptedApi, pods: LogPods) -> None:
    first = ScriptedPod([at(1, "one")])
    api.pods = {"a": first}
    follower = Follower(pods)
    follower.waits_for("one")
    api.pods = {"a": first, "b": ScriptedPod([at(2, "two")])}
    follower.waits_for("one", "two")
    first.end()
    api.pods = {"b": api.pods["b"]}
    api.pods["b"].write(at(3, "three"))
    follower.waits_for("one", "two", "three")
    # The same pod after a restart, in the same second: what was read is not read again.
    api.pods["b"].end()
    api.pods["b"] = ScriptedPod([at(3, "three"), at(3, "four", "7")], previous=[at(3, "three")], restarts=1)
    follower.waits_for("one", "two", "three", "four")
    api.pods["b"].write(at(9, "over"))
    follower.stop()
    assert follower.notes == []


@pytest.mark.usefixtures("fast")
def test_a_first_pod_is_waited_for(api: ScriptedApi, pods: LogPods) -> None:
    follower = Follower(pods)
    wait_until(lambda: follower.notes == ["no pod yet; waiting for one"])
    api.pods = {"a": ScriptedPod(started=False)}
    api.pods = {"a": ScriptedPod([at(1, "one"), at(2, "over")])}
    follower.waits_for("one", "over")
    follower.stop()


@pytest.mark.usefixtures("fast")
def test_lines_of_two_pods_that_cross_are_put_in_order(api: ScriptedApi, pods: LogPods) -> None:
    api.pods = {"a": ScriptedPod([at(1, "one")]), "b": ScriptedPod([at(2, "two")])}
    follower = Follower(pods)
    follower.waits_for("one", "two")
    api.pods["a"].write(at(4, "four"))
    api.pods["b"].write(at(3, "three"), at(5, "over"))
    follower.waits_for("one", "two", "three", "four", "over")
    follower.stop()


@pytest.mark.usefixtures("fast")
def test_an_api_server_that_refuses_for_a_while_is_told_of_once(api: ScriptedApi, pods: LogPods) -> None:
    api.pods = {"a": ScriptedPod([at(1, "one")])}
    follower = Follower(pods)
    follower.waits_for("one")
    api.refused = status(500, "InternalError", "etcd is away")
    asked = len(api.asked)
    wait_until(lambda: len(api.asked) > asked + 3)
    api.refused = None
    api.pods["a"].write(at(2, "over"))
    follower.waits_for("one", "over")
    follower.stop()
    assert follower.notes == ["etcd is away Trying again."]


def test_lines_are_for_people_or_as_they_were_written(api: ScriptedApi, run: Callable[..., Result]) -> None:
    text = json.dumps({"time": "t", "level": "info", "message": "answered", "request_id": "r-1"})
    api.pods = {"a": ScriptedPod([at(1, text), at(2, "plain")])}
    assert run().stdout.splitlines() == [
        "11:20:01.500 a  info    answered request_id=r-1",
        "11:20:02.500 a  plain",
    ]
    assert run("--json").stdout.splitlines()[0] == text
    assert run("--request", "r-1").stdout.splitlines() == ["11:20:01.500 a  info    answered request_id=r-1"]
    assert run("--request", "r-2").stdout == ""


def test_since_is_handed_on_in_seconds_and_refused_when_it_is_no_time(
    api: ScriptedApi, run: Callable[..., Result]
) -> None:
    api.pods = {"a": ScriptedPod()}
    assert run("--since", "2h").exit_code == 0
    assert api.asked[-1].endswith("sinceSeconds=7200")
    refused = run("--since", "soon")
    assert refused.exit_code == 2
    assert "'soon' is not a length of time" in refused.stderr


def test_an_endpoint_that_does_not_exist_is_named_beside_those_that_do(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(environment.paths.workspace)
    result = CliRunner().invoke(app, ["logs", "other", "--env", "test"])
    assert isinstance(result.exception, NotServing)
    assert "it has: mortgage" in str(result.exception)


def test_ctrl_c_ends_following_quietly(api: ScriptedApi, environment: Environment) -> None:
    api.pods = {"a": ScriptedPod([at(1, "one")]), "b": ScriptedPod([at(2, "two")])}
    command = [sys.executable, "-c", "from mlops_cli.main import run; run()"]
    process = subprocess.Popen(
        [*command, "logs", "mortgage", "--env", "test", "--follow"],
        cwd=environment.paths.workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert [process.stdout.readline().split()[-1] for _ in range(2)] == ["one", "two"]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (130, "", "")
