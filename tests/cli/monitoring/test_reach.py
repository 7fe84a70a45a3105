from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import watched_platform
from mlops_cli.environment import Environment
from mlops_cli.errors import (
    BadQuery,
    MonitoringError,
    MonitoringTimeout,
    MonitoringUnreachable,
    NoMonitoring,
    StackFailed,
)
from mlops_cli.monitoring.prometheus import Prometheus, prometheus_of
from mlops_cli.monitoring.reach import Direct, api_of, reach
from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.kubeconfig import Access, ExecCommand
from scripted_api import Answer, ScriptedApi, status
from serving_process import free_port

OWN = "mlops-system/prometheus:9090"
ONE = json.dumps(
    {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "2"]}]}}
).encode()


def refused(kind: str, code: int = 400) -> Answer:
    return code, json.dumps({"status": "error", "errorType": kind, "error": "why not"}).encode()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            None,
            NoMonitoring,
            "Set mlops:monitoring.mode to run in stacks/Pulumi.test.yaml, then `mlops up test`",
        ),
        (
            status(503, "ServiceUnavailable", 'no endpoints available for service "prometheus"'),
            MonitoringUnreachable,
            "no endpoints available",
        ),
        (
            status(502, "BadGateway", "error trying to reach service: connection refused"),
            MonitoringUnreachable,
            "`kubectl -n mlops-system get pods`",
        ),
        (status(504, "Timeout", "took too long"), MonitoringTimeout, "took too long"),
        (
            status(403, "Forbidden", "services is forbidden"),
            MonitoringUnreachable,
            "needs the verb get on services/proxy",
        ),
        (status(401, "Unauthorized", "Unauthorized"), MonitoringUnreachable, "Log in to the cluster again"),
        ((200, b"<html>Sign in</html>"), MonitoringUnreachable, "no Prometheus reply: <html>Sign in"),
        ((200, b"[]"), MonitoringUnreachable, "no Prometheus reply"),
        ((404, b"404 page not found"), MonitoringUnreachable, "status 404"),
        ((503, b"Service Unavailable"), MonitoringUnreachable, "is it ready"),
        (refused("bad_data"), BadQuery, "why not. The query was: up"),
        (refused("execution", 422), BadQuery, "why not"),
        (refused("timeout", 503), MonitoringTimeout, "Ask for less"),
        (refused("unavailable", 503), MonitoringUnreachable, "Try again in a minute"),
    ],
)
def test_each_failure_says_what_to_do(
    api: ScriptedApi, environment: Environment, answer: Answer | None, kind: type[Exception], words: str
) -> None:
    if answer is not None:
        api.services[OWN] = answer
    with prometheus_of(environment) as prometheus, pytest.raises(MonitoringError) as caught:
        prometheus.query("up")
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "Service prometheus:9090 in namespace mlops-system" in str(caught.value)
    assert len(api.asked) == 1


def test_a_server_that_hangs_is_given_up_in_time(api: ScriptedApi, environment: Environment) -> None:
    over = threading.Event()

    def hang(_: str) -> Answer:
        over.wait(30)
        return 200, ONE

    api.services[OWN] = hang
    prometheus = Prometheus(reach(environment, "Prometheus", "http://prometheus.mlops-system.svc:9090"), 0.5)
    began = time.monotonic()
    with prometheus, pytest.raises(MonitoringTimeout, match=r"did not answer within 0\.5 s"):
        prometheus.query("up")
    over.set()
    assert time.monotonic() - began < 5


def test_an_api_server_that_is_away_is_named(
    tmp_path: Path, environment: Environment, api: ScriptedApi
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    text = api.kubeconfig().replace(api.url, away)
    (tmp_path / "kubeconfig").write_text(text)
    with (
        prometheus_of(environment) as prometheus,
        pytest.raises(MonitoringUnreachable, match="mlops up test"),
    ):
        prometheus.query("up")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path is short enough for a node's sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)


def test_an_environment_that_was_never_up_says_so(short_path: Path, api: ScriptedApi) -> None:
    environment = watched_platform.environment(short_path, api, cluster={"maker": "local-node"})
    with pytest.raises(StackFailed, match="run `mlops up test`"):
        api_of(environment)


def test_a_local_node_is_reached_by_the_kubeconfig_that_it_wrote(short_path: Path, api: ScriptedApi) -> None:
    environment = watched_platform.environment(short_path, api, cluster={"maker": "local-node"})
    file = environment.folder / "node" / "kubeconfig"
    file.parent.mkdir(parents=True)
    file.write_text(api.kubeconfig())
    api.services[OWN] = 200, ONE
    with prometheus_of(environment) as prometheus:
        assert [each.value for each in prometheus.query("up")] == [2]


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://prometheus.monitoring.svc:9090", "monitoring/services/prometheus:9090/proxy"),
        ("http://prom.obs.svc.cluster.local", "obs/services/prom:80/proxy"),
        ("https://prom.obs.svc:8443/base/", "obs/services/https:prom:8443/proxy/base"),
    ],
)
def test_an_address_in_the_cluster_goes_by_the_proxy(
    tmp_path: Path, api: ScriptedApi, url: str, asked: str
) -> None:
    environment = watched_platform.environment(tmp_path, api, monitoring=watched_platform.adopted(url))
    namespace, _, service = asked.partition("/services/")
    api.services[f"{namespace}/{service.partition('/')[0]}"] = 200, ONE
    with prometheus_of(environment) as prometheus:
        prometheus.query("up")
    assert api.asked[0].startswith(f"/api/v1/namespaces/{asked}/api/v1/query?")


def test_an_address_elsewhere_is_asked_straight_and_its_password_not_shown(
    tmp_path: Path, api: ScriptedApi
) -> None:
    url = f"http://reader:hidden@127.0.0.1:{free_port()}/base"
    keda = {"mode": "adopt", "prometheusUrl": url}
    environment = watched_platform.environment(tmp_path, api, keda=keda, monitoring={"mode": "none"})
    with prometheus_of(environment) as prometheus, pytest.raises(MonitoringUnreachable) as caught:
        prometheus.query("up")
    assert "hidden" not in str(caught.value)
    assert "/base" in str(caught.value)
    assert api.asked == []


def test_an_address_keeps_its_path(api: ScriptedApi) -> None:
    api.services["a/b:1"] = 200, ONE
    way = Direct("Prometheus", f"{api.url}/api/v1/namespaces/a/services/b:1/proxy/")
    with Prometheus(way) as prometheus, pytest.raises(MonitoringUnreachable, match="status 401"):
        prometheus.query("up")
    assert api.asked[0].startswith("/api/v1/namespaces/a/services/b:1/proxy/api/v1/query?")


KEDAS = "https://keda.example.org"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"mode": "run"}, "Service prometheus:9090"),
        (watched_platform.adopted("https://else.example.org"), "https://else.example.org"),
        ({"mode": "none"}, KEDAS),
    ],
)
def test_the_settings_of_monitoring_come_before_those_of_keda(
    tmp_path: Path, api: ScriptedApi, given: dict[str, Any], where: str
) -> None:
    keda = {"mode": "adopt", "prometheusUrl": KEDAS}
    environment = watched_platform.environment(tmp_path, api, keda=keda, monitoring=given)
    with prometheus_of(environment) as prometheus:
        assert where in prometheus.where


def test_an_environment_without_monitoring_is_not_asked(tmp_path: Path, api: ScriptedApi) -> None:
    without = watched_platform.environment(tmp_path, api, monitoring={"mode": "none"})
    with pytest.raises(NoMonitoring, match=r"no Prometheus\. Set mlops"):
        prometheus_of(without)


def test_credentials_that_ran_out_are_made_anew_by_the_kubeconfigs_command(
    tmp_path: Path, api: ScriptedApi
) -> None:
    login, been = tmp_path / "login", tmp_path / "been"
    credential = '{"status": {"token": "%s"}}'
    login.write_text(
        f"#!/bin/sh\n"
        f"if [ -e {been} ]; then echo '{credential % 'scripted-token'}'; "
        f"else touch {been}; echo '{credential % 'old'}'; fi\n"
    )
    login.chmod(0o755)
    client = ApiClient(Access(server=api.url, context="one", exec_command=ExecCommand(str(login))))
    api.services[OWN] = 200, ONE
    answer = client.ask("/api/v1/namespaces/mlops-system/services/prometheus:9090/proxy/", {}, 5)
    client.close()
    assert (answer.status_code, answer.content) == (200, ONE)
