"""What the Pod Security Standards allow, as of Kubernetes 1.35.

Source: kubernetes.io/docs/concepts/security/pod-security-standards.
"""

from __future__ import annotations

from typing import Final

VOLUMES: Final = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
"""Types of volumes that hold nothing of the node."""
SYSCTLS: Final = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)
"""Kernel parameters that belong to the pod alone."""
SELINUX_TYPES: Final = ("container_engine_t", "container_init_t", "container_kvm_t", "container_t")
SECCOMP_PROFILES: Final = ("Localhost", "RuntimeDefault")
APP_ARMOR_PROFILES: Final = ("Localhost", "RuntimeDefault")
CAPABILITIES: Final = ("NET_BIND_SERVICE",)
"""Capabilities that a container may add."""
PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS: Final = ("lifecycle.postStart", "lifecycle.preStop")
