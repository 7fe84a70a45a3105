"""The platform on a cluster that somebody else runs, named by kubeconfig context in a copied checkout."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from mlops_local import node, toolchain
from mlops_local.images import IMAGES_OF_NODE, ImageSource, build, push
from running_platform import CACHE, ROOT, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__")


@dataclass(frozen=True)
class Cluster:
    """A cluster with an image registry, and how its owner reaches it."""

    kubeconfig: Path
    registry: str

    def kubectl(self, *arguments: str) -> str:
        program = toolchain.group_folder("kubernetes", CACHE) / "kubectl"
        return run([str(program), "--kubeconfig", str(self.kubeconfig), *arguments]).stdout


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A node that the `mlops` command knows nothing of."""
    home = Path(tempfile.mkdtemp(prefix="mlops-test-", dir="/var/tmp"))
    spec = node.NodeSpec(
        name="mlops-theirs",
        home=home / "node",
        address_block=IPv4Network("10.199.2.0/30"),
        api_port=6543,
        registry_port=30700,
        published_ports=(30280,),
    )
    groups = toolchain.ensure(list(toolchain.GROUPS), CACHE, print)
    programs = node.Binaries(**{name: groups[name] for name in ("kubernetes", "etcd", "registry")})
    try:
        access = node.start(spec, programs, print)
        layouts = build(IMAGES_OF_NODE, ImageSource(workspace=ROOT, programs=groups), CACHE, print)
        node.apply_addons(spec, programs, push(layouts, access.registry, print), print)
        yield Cluster(access.kubeconfig, access.registry)
    finally:
        node.stop(spec, print)
        shutil.rmtree(home)


@pytest.fixture
def checkout(cluster: Cluster, tmp_path: Path) -> Path:
    """A checkout whose environment `theirs` is `local` but for the cluster and the ports."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    document = yaml.safe_load((folder / "stacks" / "Pulumi.e2e.yaml").read_text())
    config = document["config"]
    config["mlops:cluster"] = {
        "maker": "kubeconfig",
        "kubeconfig": str(cluster.kubeconfig),
        "context": cluster.kubectl("config", "current-context").strip(),
        "imageRegistry": cluster.registry,
        "ingressAddress": "127.0.0.1",
        "production": False,
    }
    del config["mlops:objectStore"]["nodePort"], config["mlops:modelRegistry"]["nodePort"]
    config["mlops:endpoints"][0]["nodePort"] = 30280
    (folder / "stacks" / "Pulumi.theirs.yaml").write_text(yaml.safe_dump(document))
    return folder


def test_up_and_down_on_a_cluster_named_by_context(cluster: Cluster, checkout: Path, tmp_path: Path) -> None:
    def mlops(*arguments: str) -> str:
        home = ["env", f"--chdir={checkout}", f"MLOPS_HOME={tmp_path / 'home'}"]
        return run([*home, str(Path(sys.executable).parent / "mlops"), *arguments]).stdout

    before = cluster.kubectl("get", "namespaces", "-o", "name")
    up = mlops("up", "theirs")
    assert "Kubernetes node ..." not in up.splitlines()
    status = json.loads(mlops("status", "theirs", "--json"))
    assert (status["node"], status["endpoints"][0]["ready"]) == (None, True)
    assert "  no change" in mlops("up", "theirs").splitlines()

    mlops("down", "theirs")
    assert cluster.kubectl("get", "namespaces", "-o", "name") == before
