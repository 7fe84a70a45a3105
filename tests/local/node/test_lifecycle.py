"""A real node: started, used, hurt, interrupted, restarted and stopped, in this order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from pathlib import Path

import httpx2
import lightkube
import pytest
from lightkube.codecs import load_all_yaml
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node, Pod, Secret

from mlops_local import node
from mlops_local.errors import NodeError
from mlops_local.node.readiness import API_ERRORS, api_client
from mlops_local.node.supervisor import Supervisor

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

Eventually = Callable[[Callable[[], bool]], None]

WORKLOAD = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: default}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: app, namespace: default}}
spec: {{type: NodePort, selector: {{app: app}}, ports: [{{port: 80, targetPort: 8080, nodePort: 30998}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: app, namespace: default}}
data:
  Corefile: |
    .:1053 {{
      health :8080
    }}
---
apiVersion: v1
kind: Pod
metadata: {{name: app, namespace: default, labels: {{app: app}}}}
spec:
  securityContext: {{runAsUser: 1000, runAsNonRoot: true}}
  containers:
  - name: answer
    image: {coredns}
    args: [-conf, /etc/app/Corefile]
    volumeMounts: [{{name: config, mountPath: /etc/app}}]
  - name: write
    image: {base}
    command: [/bin/sh, -c, "echo run >> /data/runs; cat /data/runs; exec sleep 100000"]
    volumeMounts: [{{name: data, mountPath: /data}}]
  volumes:
  - {{name: data, persistentVolumeClaim: {{claimName: data}}}}
  - {{name: config, configMap: {{name: app}}}}
"""


@pytest.fixture
def client(running: node.NodeAccess, real_spec: node.NodeSpec) -> Iterator[lightkube.Client]:
    """As an administrator on the host."""
    with api_client(real_spec) as client:
        yield client


def answers() -> bool:
    """Whether the workload answers on the host's published port."""
    try:
        return httpx2.get("http://127.0.0.1:30998/health", trust_env=False, timeout=2).text == "OK"
    except httpx2.HTTPError:
        return False


def pids(spec: node.NodeSpec) -> dict[str, int | None]:
    """Program -> host process id."""
    return {process.name: process.pid for process in node.status(spec).processes}


def wrote(client: lightkube.Client, *lines: str) -> bool:
    """Whether the workload's writer printed just these lines: one for each time that it ran."""
    try:
        return [line.strip() for line in client.log("app", namespace="default", container="write")] == [
            *lines
        ]
    except API_ERRORS:
        return False


def test_a_started_node_is_ready_and_reachable(
    running: node.NodeAccess, real_spec: node.NodeSpec, client: lightkube.Client
) -> None:
    status = node.status(real_spec)
    assert (status.running, status.ready) == (True, True)
    assert {process.state for process in status.processes} == {node.ProcessState.RUNNING}
    found = client.get(Node, "mlops-test-node").status
    assert found is not None
    assert [item.address for item in found.addresses or [] if item.type == "InternalIP"] == ["10.199.9.2"]
    assert httpx2.get(f"http://{running.registry}/v2/", trust_env=False).status_code == 200


def test_a_second_start_returns_within_two_seconds(
    running: node.NodeAccess, real_spec: node.NodeSpec, node_binaries: node.Binaries
) -> None:
    before, started = pids(real_spec), time.monotonic()
    assert node.start(real_spec, node_binaries, pytest.fail) == running
    assert time.monotonic() - started < 2
    assert pids(real_spec) == before


def test_strangers_learn_whether_it_is_healthy_and_nothing_else(running: node.NodeAccess) -> None:
    with httpx2.Client(verify=False, trust_env=False, base_url="https://127.0.0.1:16443") as stranger:
        codes = [stranger.get(path).status_code for path in ("/readyz", "/version", "/api/v1/nodes")]
    assert codes == [200, 401, 401]


def test_secrets_are_encrypted_on_disk(client: lightkube.Client, real_spec: node.NodeSpec) -> None:
    secret = Secret(
        metadata=ObjectMeta(name="pin", namespace="default"), stringData={"pin": "plaintext-4711"}
    )
    client.apply(secret, field_manager="test")
    stored = b"".join(path.read_bytes() for path in (real_spec.home / "etcd").rglob("*") if path.is_file())
    assert b"registry/secrets/default/pin" in stored
    assert b"plaintext-4711" not in stored


def test_the_hosts_kernel_settings_and_routes_are_untouched(running: node.NodeAccess) -> None:
    routes = Path("/proc/net/route").read_text().splitlines()
    assert [line.split()[1] for line in routes if line.startswith("mlops-test-node")] == ["0009C70A"]
    inside = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    assert "KUBE-" not in inside


def test_add_ons_come_up_and_again_change_nothing(
    real_spec: node.NodeSpec, node_binaries: node.Binaries, images: dict[str, str], client: lightkube.Client
) -> None:
    node.apply_addons(real_spec, node_binaries, images, print)
    before = {pod.metadata.name for pod in client.list(Pod, namespace="*") if pod.metadata}
    node.apply_addons(real_spec, node_binaries, images, print)
    assert {pod.metadata.name for pod in client.list(Pod, namespace="*") if pod.metadata} == before


def test_a_pod_gets_a_volume_and_answers_on_the_hosts_port(
    client: lightkube.Client, images: dict[str, str], real_spec: node.NodeSpec, eventually: Eventually
) -> None:
    for item in load_all_yaml(WORKLOAD.format(**images)):
        client.apply(item, field_manager="test")
    eventually(answers)
    eventually(lambda: wrote(client, "run"))
    assert [path.read_text() for path in real_spec.home.glob("volumes/*/runs")] == ["run\n"]


def test_a_changed_port_needs_no_restart(
    running: node.NodeAccess, real_spec: node.NodeSpec, node_binaries: node.Binaries, eventually: Eventually
) -> None:
    before = pids(real_spec)
    more = real_spec.model_copy(update={"published_ports": (30998, 30997)})
    node.start(more, node_binaries, print)
    assert set(pids(real_spec)) - set(before) == {"forward-30997"}
    node.start(real_spec, node_binaries, print)
    assert pids(real_spec) == before


@pytest.mark.parametrize(
    "program",
    [
        "containerd",
        "etcd",
        "forward-16443",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
        "kubelet",
        "registry",
        "registry-loopback",
    ],
)
def test_a_killed_program_comes_back_and_pods_go_on(
    running: node.NodeAccess,
    real_spec: node.NodeSpec,
    client: lightkube.Client,
    eventually: Eventually,
    program: str,
) -> None:
    killed = pids(real_spec)[program]
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: pids(real_spec).get(program) not in (None, killed))
    eventually(lambda: node.status(real_spec).ready)
    assert answers()
    eventually(lambda: wrote(client, "run"))


def test_after_a_killed_node_the_next_start_brings_data_and_pods_back(
    running: node.NodeAccess, real_spec: node.NodeSpec, node_binaries: node.Binaries, eventually: Eventually
) -> None:
    supervisor = Supervisor.find(real_spec.name)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    node.start(real_spec, node_binaries, print)
    eventually(answers)
    with api_client(real_spec) as client:
        eventually(lambda: wrote(client, "run", "run"))


@pytest.mark.parametrize("seconds", [0.6, 1.5, 3.0])
def test_a_start_killed_half_way_is_finished_by_the_next(
    real_spec: node.NodeSpec, node_binaries: node.Binaries, seconds: float
) -> None:
    node.stop(real_spec, print)
    code = (
        "import sys; from mlops_local import node\n"
        "spec = node.NodeSpec.model_validate_json(sys.argv[1])\n"
        "node.start(spec, node.Binaries.model_validate_json(sys.argv[2]), print)"
    )
    texts = (real_spec.model_dump_json(), node_binaries.model_dump_json())
    with subprocess.Popen([sys.executable, "-c", code, *texts], stdout=subprocess.DEVNULL) as half:
        try:
            half.wait(seconds)
        except subprocess.TimeoutExpired:
            half.kill()
    node.start(real_spec, node_binaries, print)
    assert node.status(real_spec).ready


def test_a_program_that_cannot_run_is_named_with_its_last_words(
    real_spec: node.NodeSpec, node_binaries: node.Binaries, tmp_path: Path
) -> None:
    node.stop(real_spec, print)
    broken = tmp_path / "registry"
    broken.write_text("#!/bin/sh\necho the disk is on fire\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(NodeError) as failure:
        node.start(real_spec, node_binaries.model_copy(update={"registry": tmp_path}), print)
    assert "mlops-test-node: every program to run: not within 15 s" in str(failure.value)
    assert f"last lines of {real_spec.home}/logs/registry.log:" in str(failure.value)
    assert "the disk is on fire" in str(failure.value)


def test_the_same_name_from_another_home_is_refused(
    running: node.NodeAccess, real_spec: node.NodeSpec, node_binaries: node.Binaries
) -> None:
    other = real_spec.model_copy(update={"home": real_spec.home.with_name("other")})
    with pytest.raises(NodeError, match="a node called mlops-test-node runs already, from another folder"):
        node.start(other, node_binaries, print)
    with pytest.raises(NodeError, match="a node called mlops-test-node runs already, from another folder"):
        node.stop(other, print)
    assert node.status(real_spec).ready


def test_another_address_restarts_the_node_with_its_data(
    running: node.NodeAccess, real_spec: node.NodeSpec, node_binaries: node.Binaries, eventually: Eventually
) -> None:
    moved = real_spec.model_copy(update={"address_block": IPv4Network("10.199.9.4/30")})
    node.start(moved, node_binaries, print)
    with api_client(moved) as client:
        assert client.get(Secret, "pin", namespace="default").data is not None
    eventually(answers)


def test_a_stopped_node_leaves_nothing_and_a_second_stop_is_harmless(
    running: node.NodeAccess, real_spec: node.NodeSpec, nothing_left: Callable[[str], None]
) -> None:
    node.stop(real_spec, print)
    nothing_left(real_spec.name)
    node.stop(real_spec, pytest.fail)
    assert (real_spec.home / "etcd/member").is_dir()
    assert node.status(real_spec).running is False


def test_a_purged_node_leaves_no_folder(
    running: node.NodeAccess, real_spec: node.NodeSpec, nothing_left: Callable[[str], None]
) -> None:
    node.purge(real_spec, print)
    nothing_left(real_spec.name)
    assert not real_spec.home.exists()
    node.purge(real_spec, pytest.fail)


def test_a_folder_that_holds_no_node_is_not_deleted(short_path: Path) -> None:
    spec = node.NodeSpec(name="mlops-absent", home=short_path / "n")
    spec.home.mkdir()
    (spec.home / "thesis.txt").write_text("years of work")
    with pytest.raises(NodeError, match="holds no node"):
        node.purge(spec, pytest.fail)
    assert (spec.home / "thesis.txt").exists()
