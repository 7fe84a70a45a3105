"""The node's own mounts and network, as the commands that make them. Pure; `process_one` runs them.

Killing the node's process 1 ends every other one, and with the last of them the mounts, the network
namespace, its link to the host and its iptables rules are gone: the kernel does the cleaning up.
"""

import sys

from mlops_local.node.layout import CNI_STATE, Layout
from mlops_local.node.spec import SERVICE_BLOCK, NodeSpec

UNSHARE = ("unshare", "--mount", "--propagation", "slave", "--pid", "--fork", "--mount-proc")
"""`slave`: what the host unmounts goes here too, while nothing mounted here shows outside."""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}
"""All that the node's programs get: nothing of the caller's environment, which may hold secrets."""

HOST_TUNABLES = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What kubelet would set on the whole machine (k8s.io/kubernetes pkg/kubelet/cm, setupKernelTunables)."""


def mount_commands(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """Mounts of the node, in order, each hiding the host's from the node and the node's from the host."""
    return (
        ("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"),
        ("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(CNI_STATE)),
        ("mount", "--bind", str(layout.logs), "/var/log"),
        *(("mount", "--bind", f"/run/tunables/{name}", f"/proc/sys/{name}") for name in HOST_TUNABLES),
        # Volumes that a pod's container mounts must reach kubelet and containerd.
        ("mount", "--make-rshared", "/"),
    )


def network_commands(spec: NodeSpec) -> tuple[tuple[str, ...], ...]:
    """The network namespace and its link, `<name>` on the host, `eth0` inside; no route leads elsewhere."""
    host, node = f"{spec.host_address}/30", f"{spec.node_address}/30"
    inside = ("ip", "-n", spec.name)
    return (
        ("ip", "netns", "add", spec.name),
        ("ip", "link", "add", spec.name, "type", "veth", "peer", "name", "eth0", "netns", spec.name),
        ("ip", "address", "add", host, "dev", spec.name),
        ("ip", "link", "set", spec.name, "up"),
        (*inside, "address", "add", node, "dev", "eth0"),
        (*inside, "link", "set", "lo", "up"),
        (*inside, "link", "set", "eth0", "up"),
        # Node programs call Services: without a route the kernel gives up before asking kube-proxy's rules.
        (*inside, "route", "add", str(SERVICE_BLOCK), "via", str(spec.host_address)),
    )


def supervisor_command(layout: Layout) -> tuple[str, ...]:
    """What process 1 becomes."""
    return (sys.executable, "-m", "supervisor.supervisord", "--configuration", str(layout.supervisor_config))
