from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import watched_platform
from mlops_cli.environment import Environment
from mlops_cli.monitoring.prometheus import Prometheus
from mlops_cli.monitoring.reach import Direct
from scripted_api import ScriptedApi, scripted_api
from serving_process import wait_until
from watched_platform import Watched


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    """An API server without a cluster."""
    with scripted_api() as made:
        yield made


@pytest.fixture
def environment(tmp_path: Path, api: ScriptedApi) -> Environment:
    """An environment on the cluster behind `api`."""
    return watched_platform.environment(tmp_path, api)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Servers that have evaluated every rule."""
    with watched_platform.watched(tmp_path_factory.mktemp("watched")) as made:
        with Prometheus(Direct("Prometheus", made.prometheus)) as prometheus:
            wait_until(lambda: prometheus.query("mlops:drift_threshold:1h"), 60)
            wait_until(lambda: prometheus.query('ALERTS{alertname="TestPage",alertstate="firing"}'), 60)
        yield made


@pytest.fixture
def prometheus(watched: Watched) -> Iterator[Prometheus]:
    """A client of the real one."""
    with Prometheus(Direct("Prometheus", watched.prometheus)) as made:
        yield made


@pytest.fixture
def proxied(api: ScriptedApi, watched: Watched) -> ScriptedApi:
    """The same Prometheus behind the Service of the platform."""
    api.services["mlops-system/prometheus:9090"] = watched.prometheus
    return api
