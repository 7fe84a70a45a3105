"""A spec for pure tests, and a real node of its own name, addresses and ports for the others."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from mlops_local import node
from mlops_local.images import IMAGES_OF_NODE, ImageSource, build, push
from mlops_local.node import launch

WORKSPACE = Path(__file__).parents[3]
DEADLINE_SECONDS = 90


@pytest.fixture
def spec() -> node.NodeSpec:
    """Nothing of it exists."""
    return node.NodeSpec(
        name="mlops",
        home=Path("/srv/mlops"),
        address_block=IPv4Network("10.199.0.0/30"),
        api_port=6443,
        registry_port=30500,
        published_ports=(30080, 30900),
    )


@pytest.fixture
def programs() -> node.Binaries:
    """Folders that need not exist."""
    return node.Binaries(kubernetes=Path("/bin/k8s"), etcd=Path("/bin/etcd"), registry=Path("/bin/registry"))


@pytest.fixture(scope="session")
def node_binaries(binaries: Callable[[str], Path]) -> node.Binaries:
    """Built once on this machine."""
    return node.Binaries(
        kubernetes=binaries("kubernetes"), etcd=binaries("etcd"), registry=binaries("registry")
    )


@pytest.fixture(scope="session")
def real_spec() -> Iterator[node.NodeSpec]:
    """A node that can run beside any other; whatever a test leaves is purged."""
    # Not pytest's own folder: its name is too long for kubelet's sockets.
    home = Path(tempfile.mkdtemp(prefix="mlops-test-"))
    spec = node.NodeSpec(
        name="mlops-test-node",
        home=home / "node",
        address_block=IPv4Network("10.199.9.0/30"),
        api_port=16443,
        registry_port=30999,
        published_ports=(30998,),
    )
    try:
        yield spec
    finally:
        node.stop(spec, print)
        shutil.rmtree(home)


@pytest.fixture
def running(real_spec: node.NodeSpec, node_binaries: node.Binaries) -> node.NodeAccess:
    """The node, started if a test before did not leave it running."""
    return node.start(real_spec, node_binaries, print)


@pytest.fixture
def images(
    running: node.NodeAccess,
    binaries: Callable[[str], Path],
) -> dict[str, str]:
    """Images of the add-ons and the pause image, in the node's registry."""
    groups = {
        name: binaries(name) for name in ("coredns", "local-path-provisioner", "metrics-server", "pause")
    }
    cache = groups["pause"].parent.parent
    source = ImageSource(workspace=WORKSPACE, programs=groups)
    return push(build(IMAGES_OF_NODE, source, cache, print), running.registry, print)


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], bool]], None]:
    """`eventually(condition)` returns once it holds and fails the test when it does not within 90 s."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s"
            time.sleep(0.2)

    return wait


@pytest.fixture
def nothing_left() -> Callable[[str], None]:
    """`nothing_left(name)` asserts that no process, group, device or mount of that node exists."""

    def check(name: str) -> None:
        assert launch.remnants(name) == ()
        mounts = Path("/proc/self/mountinfo").read_text()
        assert [line for line in mounts.splitlines() if name in line or "mlops-test-" in line] == []

    return check
