"""The running pods are hardened as the components claim, seen by pytest-testinfra and the API server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import testinfra
from testinfra.host import Host

from mlops_local import toolchain
from running_platform import CACHE, Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]
NAMESPACES = ("mlops-system", "mlops-models")


@pytest.fixture(scope="module")
def server(platform: Platform) -> Iterator[Host]:
    """A shell in a running model server's container."""
    kubectl = toolchain.group_folder("kubernetes", CACHE)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{kubectl}{os.pathsep}{before}"
    pods = platform.get("pods", "-n", "mlops-models", "-l", "app.kubernetes.io/name=model-endpoint")
    name = next(pod["metadata"]["name"] for pod in pods["items"] if pod["status"]["phase"] == "Running")
    yield testinfra.get_host(
        f"kubectl://{name}?namespace=mlops-models&container=server&kubeconfig={platform.kubeconfig}"
    )
    os.environ["PATH"] = before


def test_the_server_runs_as_an_unprivileged_user(server: Host) -> None:
    assert server.check_output("id -u") == "65532"


def test_the_servers_root_file_system_is_read_only(server: Host) -> None:
    assert server.run("touch /opt/file").rc != 0
    assert server.run("touch /tmp/file && rm /tmp/file").rc == 0


@pytest.mark.parametrize("program", ["pip", "pip3", "gcc", "cc", "apt-get", "dpkg", "curl"])
def test_the_serving_image_has_no_program_beyond_need(server: Host, program: str) -> None:
    assert not server.exists(program)


def test_the_server_has_no_api_token(server: Host) -> None:
    assert not server.file("/var/run/secrets/kubernetes.io/serviceaccount").exists


def test_the_servers_process_gained_no_capability_and_may_gain_none(server: Host) -> None:
    status = dict(
        line.split(":\t", 1)
        for line in server.check_output("cat /proc/1/status").splitlines()
        if ":\t" in line
    )
    assert (status["CapEff"], status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == (
        "0000000000000000",
        "0000000000000000",
        "1",
        "2",
    )


def test_every_container_runs_an_image_by_digest(platform: Platform) -> None:
    images = {
        container["image"]
        for namespace in NAMESPACES
        for pod in platform.get("pods", "-n", namespace)["items"]
        for container in pod["spec"]["containers"]
    }
    assert images
    assert [image for image in images if "@sha256:" not in image] == []


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_the_api_server_refuses_a_privileged_pod(platform: Platform, namespace: str) -> None:
    refused = platform.kubectl(
        "run", "intruder", "-n", namespace, "--image=x", "--privileged", "--dry-run=server", check=False
    )
    assert refused == ""


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_namespace_denies_traffic_by_default(platform: Platform, namespace: str) -> None:
    policies = platform.get("networkpolicies", "-n", namespace)["items"]
    denying = [
        policy
        for policy in policies
        if policy["spec"]["podSelector"] == {}
        and sorted(policy["spec"]["policyTypes"]) == ["Egress", "Ingress"]
        and not policy["spec"].get("ingress")
        and not policy["spec"].get("egress")
    ]
    assert len(denying) == 1
