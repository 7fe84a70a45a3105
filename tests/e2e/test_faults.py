"""The platform while things break: killed programs, absent stores, corrupt artifacts, bad releases."""

from __future__ import annotations

import json
import os
import signal

import httpx
import pytest

from running_platform import Platform, eventually, mlops

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
RECOVERY_SECONDS = 60.0


def answers(platform: Platform) -> bool:
    try:
        return httpx.get(f"{platform.endpoint['url']}/v2/health/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def processes() -> dict[str, dict[str, object]]:
    node = json.loads(mlops("status", "e2e", "--json", check=False).stdout)["node"]
    return {process["name"]: process for process in node["processes"]}


@pytest.mark.parametrize("program", ["etcd", "kube-apiserver", "kubelet", "containerd"])
def test_a_killed_program_comes_back_with_its_data_and_the_endpoint_answers(
    platform: Platform, program: str
) -> None:
    before = processes()[program]["pid"]
    assert isinstance(before, int)
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        now = processes()[program]
        return now["state"] == "RUNNING" and now["pid"] != before

    eventually(back, RECOVERY_SECONDS, f"{program} restarted")
    eventually(lambda: answers(platform), RECOVERY_SECONDS, "the endpoint answers")
    eventually(
        lambda: "mortgage" in platform.kubectl("get", "hpa", "-n", "mlops-models", check=False),
        RECOVERY_SECONDS,
        "the API server lists what it had",
    )


def test_serving_goes_on_without_object_store_and_model_registry(platform: Platform) -> None:
    chosen = [
        "-n",
        "mlops-system",
        "-l",
        "app.kubernetes.io/name in (database, model-registry, object-store)",
    ]
    workloads = [
        f"{item['kind'].lower()}/{item['metadata']['name']}"
        for item in platform.get("statefulsets,deployments", *chosen)["items"]
    ]
    assert len(workloads) == 3
    platform.kubectl("scale", "-n", "mlops-system", "--replicas=0", *workloads)
    try:
        eventually(
            lambda: platform.get("pods", *chosen, "--field-selector=status.phase=Running")["items"] == [],
            RECOVERY_SECONDS,
            "store, database and registry are gone",
        )
        assert mlops("predict", "mortgage", "--env", "e2e").returncode == 0
        eventually(
            lambda: "mlops_store_up 0" in platform.server_metrics(),
            RECOVERY_SECONDS,
            "the metric says so",
        )
    finally:
        platform.kubectl("scale", "-n", "mlops-system", "--replicas=1", *workloads)
        for workload in workloads:
            platform.kubectl("rollout", "status", "-n", "mlops-system", "--timeout=120s", workload)


def test_two_commands_at_once_the_second_is_told_who_holds_the_environment(platform: Platform) -> None:
    import subprocess
    import sys
    from pathlib import Path

    from running_platform import ROOT, VARIABLES

    program = str(Path(sys.executable).parent / "mlops")
    first = subprocess.Popen(
        [program, "up", "e2e"], cwd=ROOT, env={**os.environ, **VARIABLES}, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    first.stdout.readline()
    second = mlops("up", "e2e", check=False)
    assert second.returncode == 8
    assert f"`mlops up e2e` (pid {first.pid}, since " in second.stderr
    first.communicate()
    assert first.returncode == 0
