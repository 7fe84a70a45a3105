"""A real object store and a real MLflow server, as the platform runs them."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from mlflow.tracking import MlflowClient

from mlops_pipelines.registry import Registry
from mlops_pipelines.settings import RunSettings, run_settings
from mlops_serving.store import Store
from serving_process import Gateway, free_port, wait_until

ROOT = Path(__file__).parents[2]
PASSWORD = "a-password-of-the-tests"
AUTH = """[mlflow]
default_permission = READ
database_uri = sqlite:///{folder}/auth.db
admin_username = admin
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


@dataclass(frozen=True)
class Tracking:
    """A running MLflow server."""

    url: str


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    """MLflow with authentication on, from the packages of its image."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    (folder / "auth.ini").write_text(AUTH.format(folder=folder, password=PASSWORD))
    variables = {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-of-the-tests",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "DO_NOT_TRACK": "true",
    }
    uv = [sys.executable, "-m", "uv", "run", "--frozen", "--isolated", "--only-group", "mlflow-server"]
    serve = ["mlflow", "server", "--app-name", "basic-auth", "--host", "127.0.0.1", "--port", str(port)]
    command = [*uv, *serve, "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/runs.db"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **variables}, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _healthy(url), 120)
        _hash_cheaply(folder / "auth.db")
        yield Tracking(url)
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def _hash_cheaply(database: Path) -> None:
    """MLflow verifies the password in every request; one round instead of thousands spares minutes."""
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"salt", 1).hex()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE users SET password_hash = ?", (f"pbkdf2:sha256:1$salt${digest}",))


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def settings(gateway: Gateway, tracking: Tracking, request: pytest.FixtureRequest) -> RunSettings:
    """Settings of a model that no other test registers."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[-50:].strip("-")
    variables = {
        "MLOPS_MODEL": name,
        "MLOPS_ENDPOINT": name,
        "MLOPS_CODE_REVISION": "the-tests",
        "MLFLOW_TRACKING_URI": tracking.url,
        "MLFLOW_TRACKING_USERNAME": "admin",
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
    }
    gateway.environ("data")
    return run_settings({**variables, **gateway.environ("models")})


@pytest.fixture
def client(settings: RunSettings) -> MlflowClient:
    """MLflow's own client, with the administrator's password."""
    Registry(settings)
    return MlflowClient(settings.tracking_uri, settings.tracking_uri)


@pytest.fixture
def store(settings: RunSettings) -> Store:
    """A client of the bucket the pipeline writes to."""
    return Store(settings.store)
