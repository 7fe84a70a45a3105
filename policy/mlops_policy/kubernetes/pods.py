"""Pod Security `restricted`: what a pod may not do, and what it must say."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policy import cel
from mlops_policy.building import field
from mlops_policy.kubernetes.inheriting import inherited
from mlops_policy.kubernetes.objects import WORKLOADS, containers, pods
from mlops_policy.kubernetes.standards import (
    APP_ARMOR_PROFILES,
    CAPABILITIES,
    HOOKS,
    PROBES,
    SECCOMP_PROFILES,
    SELINUX_TYPES,
    SYSCTLS,
    VOLUMES,
)
from mlops_policy.resources import Stack
from mlops_policy.rules import Framework, Rule, RuleConfig, Severity, Subject
from mlops_policy.wanted import ABSENT, NO, NOT_YES, YES, at_least, equal, has, one_of, only, optional


def cis(control: str) -> tuple[Framework, ...]:
    """A control of the CIS benchmark of EKS."""
    return (Framework("CIS EKS 1.5", control),)


def _volumes(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    for volume in subject.view.key("volumes").items():
        for key, view in volume.entries():
            if key != "name" and key not in VOLUMES:
                yield f"{view.path} is of a type that is not one of {', '.join(VOLUMES)}"


def _hosts(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    for hook in (*PROBES, *HOOKS):
        for action in ("httpGet", "tcpSocket"):
            host = subject.view.at(f"{hook}.{action}.host")
            if host.text():
                yield f"{host.path} is {host.text()!r} and must be absent: it leads away from the pod"


def _volumes_in_cel(part: str) -> str:
    allowed = cel.literal(("name", *VOLUMES))
    return f"{cel.at(part, 'volumes')}.orValue([]).all(each, each.all(key, key in {allowed}))"


def _hosts_in_cel(part: str) -> str:
    places = [f"{hook}.{action}.host" for hook in (*PROBES, *HOOKS) for action in ("httpGet", "tcpSocket")]
    return " && ".join(f"{cel.at(part, place)}.orValue('') == ''" for place in places)


_HOST: tuple[Rule, ...] = (
    field(
        "pod-not-privileged",
        "No container is privileged.",
        WORKLOADS,
        "securityContext.privileged",
        NOT_YES,
        parts=containers,
        bad=True,
        fix=False,
        severity=Severity.CRITICAL,
        frameworks=cis("4.2.1"),
    ),
    *(
        field(
            name,
            f"No pod shares the node's {what}.",
            WORKLOADS,
            path,
            NOT_YES,
            parts=pods,
            bad=True,
            severity=Severity.CRITICAL,
            frameworks=cis(control),
        )
        for name, what, path, control in (
            ("pod-no-host-pid", "processes", "hostPID", "4.2.2"),
            ("pod-no-host-ipc", "shared memory", "hostIPC", "4.2.3"),
            ("pod-no-host-network", "network", "hostNetwork", "4.2.4"),
        )
    ),
    field(
        "pod-no-host-port",
        "No container takes a port of the node.",
        WORKLOADS,
        "ports[].hostPort",
        optional(equal(0)),
        parts=containers,
        bad=8443,
    ),
    inherited(
        "pod-no-host-process",
        "No container of Windows runs as a process of the node.",
        "securityContext.windowsOptions.hostProcess",
        NOT_YES,
        bad=True,
        severity=Severity.CRITICAL,
    ),
    Rule(
        name="pod-volume-types",
        says="A pod mounts volumes of types that hold nothing of the node.",
        remedy="Use a PersistentVolumeClaim, an emptyDir, or another type that restricted allows.",
        severity=Severity.CRITICAL,
        kinds=WORKLOADS,
        judge=_volumes,
        parts=pods,
        path="volumes[].hostPath",
        bad={"path": "/"},
        cel=_volumes_in_cel,
    ),
    Rule(
        name="pod-no-probe-host",
        says="No probe or hook of a container leads to a host other than its pod.",
        remedy="Leave host out of the probe or hook.",
        severity=Severity.MEDIUM,
        kinds=WORKLOADS,
        judge=_hosts,
        parts=containers,
        path="lifecycle.preStop.httpGet.host",
        bad="198.51.100.7",
        cel=_hosts_in_cel,
    ),
)
_CONTEXT: tuple[Rule, ...] = (
    field(
        "pod-no-escalation",
        "No process of a container gains more rights than its parent.",
        WORKLOADS,
        "securityContext.allowPrivilegeEscalation",
        NO,
        parts=containers,
        fix=False,
        frameworks=cis("4.2.5"),
    ),
    inherited(
        "pod-non-root",
        "A container does not start as root.",
        "securityContext.runAsNonRoot",
        YES,
        bad=False,
    ),
    inherited(
        "pod-user",
        "A container runs as a user given by its number, which is not that of root.",
        "securityContext.runAsUser",
        at_least(1),
        bad=0,
    ),
    inherited(
        "pod-seccomp",
        "A container's system calls are filtered.",
        "securityContext.seccompProfile.type",
        one_of(SECCOMP_PROFILES),
        bad="Unconfined",
        fix="RuntimeDefault",
    ),
    field(
        "pod-capabilities-dropped",
        "A container drops all capabilities.",
        WORKLOADS,
        "securityContext.capabilities.drop",
        has(["ALL"]),
        parts=containers,
    ),
    field(
        "pod-capabilities-added",
        "A container adds no capability but to listen on ports below 1024.",
        WORKLOADS,
        "securityContext.capabilities.add",
        only(CAPABILITIES),
        parts=containers,
        bad=["SYS_ADMIN"],
    ),
    field(
        "pod-proc-mount",
        "A container sees the /proc that its runtime masks.",
        WORKLOADS,
        "securityContext.procMount",
        optional(equal("Default")),
        parts=containers,
        bad="Unmasked",
        fix="Default",
    ),
    field(
        "pod-sysctls",
        "A pod sets no kernel parameter but its own.",
        WORKLOADS,
        "securityContext.sysctls[].name",
        optional(one_of(SYSCTLS)),
        parts=pods,
        bad="kernel.msgmax",
    ),
    inherited(
        "pod-app-armor",
        "No container leaves its AppArmor profile.",
        "securityContext.appArmorProfile.type",
        optional(one_of(APP_ARMOR_PROFILES)),
        bad="Unconfined",
        severity=Severity.MEDIUM,
    ),
    inherited(
        "pod-selinux-type",
        "A container keeps a type of SELinux that is made for containers.",
        "securityContext.seLinuxOptions.type",
        optional(one_of(("", *SELINUX_TYPES))),
        bad="spc_t",
        severity=Severity.MEDIUM,
    ),
    *(
        inherited(
            f"pod-selinux-{key}",
            f"No container chooses its SELinux {key}.",
            f"securityContext.seLinuxOptions.{key}",
            ABSENT,
            bad=bad,
            severity=Severity.MEDIUM,
        )
        for key, bad in (("user", "system_u"), ("role", "system_r"))
    ),
)
RULES: tuple[Rule, ...] = (*_HOST, *_CONTEXT)
