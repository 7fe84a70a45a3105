"""The environments of the tests as a user meets them: through the `mlops` and `pulumi` commands.

Each has its own node, ports and state folder, so a platform that `make up` left running on this machine
is not touched. Without another name, the functions mean the environment `e2e`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops_local import toolchain

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("MLOPS_CACHE") or Path.home() / ".cache" / "mlops")


def home_of(environment: str) -> Path:
    """A fixed and short path: Unix sockets live under it, and a killed session's node is found again."""
    return Path("/var/tmp") / f"mlops-{environment}"


def variables(environment: str) -> dict[str, str]:
    """What the command finds in its environment."""
    home = str(home_of(environment))
    return {"MLOPS_HOME": home, "MLOPS_CACHE": str(CACHE), "NO_COLOR": "1", "COLUMNS": "200"}


HOME = home_of("e2e")
VARIABLES = variables("e2e")


@dataclass(frozen=True)
class Platform:
    """A running environment and the ways in."""

    up_output: str
    status: Mapping[str, Any]
    environment: str = "e2e"

    @property
    def endpoint(self) -> Mapping[str, Any]:
        """The reference endpoint's entry in the status document."""
        return next(entry for entry in self.status["endpoints"] if entry["name"] == "mortgage")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, as the node wrote it."""
        return home_of(self.environment) / "environments" / self.environment / "node" / "kubeconfig"

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Standard output of one kubectl call as the cluster's administrator."""
        program = toolchain.group_folder("kubernetes", CACHE) / "kubectl"
        command = [str(program), "--kubeconfig", str(self.kubeconfig), *arguments]
        return run(command, check=check).stdout

    @contextmanager
    def proxy(self) -> Iterator[str]:
        """The API server at an address without TLS or credentials, by `kubectl proxy`."""
        program = toolchain.group_folder("kubernetes", CACHE) / "kubectl"
        command = [str(program), "--kubeconfig", str(self.kubeconfig), "proxy", "--port=0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            try:
                yield f"http://{running.stdout.readline().split()[-1]}"
            finally:
                running.terminate()

    def get(self, *arguments: str) -> Any:
        """`kubectl get ... -o json`, decoded."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def server_metrics(self) -> list[str]:
        """Lines of `/metrics` of all running model servers, read through the API server."""
        pods = self.get("pods", "-n", "mlops-models", "-l", "app.kubernetes.io/name=model-endpoint")["items"]
        paths = [
            f"/api/v1/namespaces/mlops-models/pods/{pod['metadata']['name']}:8081/proxy/metrics"
            for pod in pods
            if pod["status"]["phase"] == "Running"
        ]
        return [line for path in paths for line in self.kubectl("get", "--raw", path).splitlines()]

    def secret(self, name: str) -> str:
        """One of the stack's generated secrets, decrypted by the engine."""
        secrets = self.pulumi("config", "get", "mlops:secrets").stdout
        value: str = json.loads(secrets)[name]
        return value

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` by hand on this environment's stack."""
        return pulumi(*arguments, "--stack", self.environment, environment=self.environment)


def run(
    command: list[str],
    *,
    check: bool = True,
    timeout: float = 1800,
    stdin: str | None = None,
    environment: str = "e2e",
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, from the checkout; its whole output is in the failure."""
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables(environment)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if check and result.returncode != 0:
        pytest.fail(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


def mlops(
    *arguments: str, check: bool = True, timeout: float = 1800, environment: str = "e2e"
) -> subprocess.CompletedProcess[str]:
    """Run the `mlops` command of this checkout."""
    program = str(Path(sys.executable).parent / "mlops")
    return run([program, *arguments], check=check, timeout=timeout, environment=environment)


def pulumi(
    *arguments: str, check: bool = True, stdin: str | None = None, environment: str = "e2e"
) -> subprocess.CompletedProcess[str]:
    """Run `pulumi` by hand, in the environment that `mlops engine` prints."""
    exports = mlops("engine", environment, environment=environment).stdout
    line = f'{exports}\nexec pulumi "$@"'
    command = ["sh", "-c", line, "pulumi", *arguments]
    return run(command, check=check, stdin=stdin, environment=environment)


def eventually(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for a condition, polling; returns the seconds that it took, fails after the deadline."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            pytest.fail(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.25)
    return time.monotonic() - started
