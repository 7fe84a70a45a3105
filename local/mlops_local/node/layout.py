"""Where a node keeps what: the folders below `NodeSpec.home`, and the few paths that exist only inside it.

Inside the node's mount namespace `/run` is a fresh tmpfs and `/var/log` is `Layout.logs`, so sockets, pid
files and network namespaces vanish with the node and can never be stale.
"""

from dataclasses import dataclass
from pathlib import Path

INSIDE_SUPERVISOR_SOCKET = Path("/run/supervisor.sock")
INSIDE_CONTAINERD_SOCKET = Path("/run/containerd/containerd.sock")
INSIDE_REGISTRY_SOCKET = Path("/run/registry.sock")
CNI_PLUGINS = Path("/usr/lib/cni")
CNI_STATE = Path("/var/lib/cni")
"""Fixed in libcni and host-local; covered by a tmpfs inside the node."""


def network_namespace(name: str) -> Path:
    """The named network namespace, visible inside the node's mount namespace only."""
    return Path("/run/netns") / name


@dataclass(frozen=True)
class Layout:
    """The folders and files of one node."""

    home: Path

    @property
    def config(self) -> Path:
        """Rendered files; rewritten at every start."""
        return self.home / "etc"

    @property
    def spec_file(self) -> Path:
        """The spec of the last start."""
        return self.config / "spec.json"

    @property
    def supervisor_config(self) -> Path:
        return self.config / "supervisord.conf"

    @property
    def forwarders_config(self) -> Path:
        """Apart from `supervisor_config`, so that a changed port needs no restart."""
        return self.config / "forwarders.conf"

    @property
    def credentials(self) -> Path:
        """Keys, certificates and kubeconfigs, made as one and replaced as one."""
        return self.home / "credentials"

    @property
    def pki(self) -> Path:
        return self.credentials / "pki"

    @property
    def kubeconfigs(self) -> Path:
        return self.credentials / "kubeconfigs"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, for the host."""
        return self.home / "kubeconfig"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def volumes(self) -> Path:
        """Folders of the persistent volumes."""
        return self.home / "volumes"

    @property
    def etcd(self) -> Path:
        return self.home / "etcd"

    @property
    def containerd(self) -> Path:
        return self.home / "containerd"

    @property
    def kubelet(self) -> Path:
        return self.home / "kubelet"

    @property
    def registry(self) -> Path:
        return self.home / "registry"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    def log(self, program: str) -> Path:
        """Output of one supervised program."""
        return self.logs / f"{program}.log"

    def folders(self) -> tuple[Path, ...]:
        """What must exist before the first start."""
        return (self.config, self.logs, self.volumes, self.etcd, self.containerd, self.kubelet, self.registry)
