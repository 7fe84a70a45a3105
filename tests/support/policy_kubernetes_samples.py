"""For every rule about objects of Kubernetes: resources that meet it, and the field by which it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlops_policy.resources import Resource
from mlops_policy.testing import Sample
from policy_samples import LABELS, deployment, resource

POD = "spec.template.spec"
CONTAINER = f"{POD}.containers[0]"
IN_MODELS = {"name": "server", "namespace": "models"}
RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "v1.34"))
}
CHART = {"chart": "oci://registry.example/chart", "version": "1.2.3"}


def namespace() -> Resource:
    """The namespace `models`."""
    return resource("core/v1:Namespace", "models", {"metadata": {"name": "models", "labels": RESTRICTED}})


def quota() -> Resource:
    """Its quota."""
    return resource(
        "core/v1:ResourceQuota", "quota", {"metadata": IN_MODELS, "spec": {"hard": {"pods": "9"}}}
    )


def limits() -> Resource:
    """Its defaults."""
    spec = {"limits": [{"type": "Container", "default": {"memory": "1Gi"}}]}
    return resource("core/v1:LimitRange", "limits", {"metadata": IN_MODELS, "spec": spec})


def deny_all() -> Resource:
    """A NetworkPolicy that closes it."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return resource("networking.k8s.io/v1:NetworkPolicy", "deny-all", {"metadata": IN_MODELS, "spec": spec})


def flows() -> Resource:
    """A NetworkPolicy that opens it for one application."""
    flow = {"from": [{"podSelector": {}}], "ports": [{"port": 8080}]}
    spec = {"podSelector": {"matchLabels": LABELS}, "ingress": [flow]}
    return resource("networking.k8s.io/v1:NetworkPolicy", "flows", {"metadata": IN_MODELS, "spec": spec})


def budget() -> Resource:
    """A PodDisruptionBudget of the Deployment."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}
    return resource("policy/v1:PodDisruptionBudget", "budget", {"metadata": IN_MODELS, "spec": spec})


def service(type_: str = "ClusterIP") -> Resource:
    """A Service of the Deployment."""
    spec = {"type": type_, "loadBalancerSourceRanges": ["10.0.0.0/8"], "externalIPs": []}
    return resource("core/v1:Service", "server", {"metadata": IN_MODELS, "spec": spec})


def account() -> Resource:
    """Its service account."""
    props = {"metadata": IN_MODELS, "automountServiceAccountToken": False}
    return resource("core/v1:ServiceAccount", "server", props)


def role(*, cluster: bool = False) -> Resource:
    """A role that says all that a rule may ask for."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "nonResourceURLs": ["/metrics"]}
    kind = "ClusterRole" if cluster else "Role"
    return resource(
        f"rbac.authorization.k8s.io/v1:{kind}", "reader", {"metadata": IN_MODELS, "rules": [rule]}
    )


def binding() -> Resource:
    """A binding of that role."""
    subject = {"kind": "ServiceAccount", "name": "server", "namespace": "models"}
    props = {"metadata": IN_MODELS, "roleRef": {"kind": "Role", "name": "reader"}, "subjects": [subject]}
    return resource("rbac.authorization.k8s.io/v1:RoleBinding", "reader", props)


def release() -> Resource:
    """A Helm release."""
    return resource("helm.sh/v3:Release", "chart", dict(CHART))


def of_pod(path: str, bad: Any, **more: bool) -> Sample:
    """A sample by a field of the pod."""
    return Sample((deployment(),), f"{POD}.{path}", bad, **more)


def of_container(path: str, bad: Any, **more: bool) -> Sample:
    """A sample by a field of the container."""
    return Sample((deployment(),), f"{CONTAINER}.{path}", bad, **more)


CONTEXT = "securityContext"
SAMPLES: Mapping[str, Sample] = {
    "pod-not-privileged": of_container(f"{CONTEXT}.privileged", True, absent_is_good=True),
    "pod-no-host-pid": of_pod("hostPID", True, absent_is_good=True),
    "pod-no-host-ipc": of_pod("hostIPC", True, absent_is_good=True),
    "pod-no-host-network": of_pod("hostNetwork", True, absent_is_good=True),
    "pod-no-host-port": of_container("ports[0].hostPort", 8080, absent_is_good=True),
    "pod-no-host-process": of_pod(f"{CONTEXT}.windowsOptions.hostProcess", True, absent_is_good=True),
    "pod-volume-types": of_pod("volumes[0]", {"name": "a", "hostPath": {"path": "/"}}, absent_is_good=True),
    "pod-no-probe-host": of_container("livenessProbe.httpGet.host", "198.51.100.7", absent_is_good=True),
    "pod-no-escalation": of_container(f"{CONTEXT}.allowPrivilegeEscalation", True),
    "pod-non-root": of_pod(f"{CONTEXT}.runAsNonRoot", False),
    "pod-user": of_pod(f"{CONTEXT}.runAsUser", 0),
    "pod-seccomp": of_pod(f"{CONTEXT}.seccompProfile.type", "Unconfined"),
    "pod-capabilities-dropped": of_container(f"{CONTEXT}.capabilities.drop", ["NET_RAW"]),
    "pod-capabilities-added": of_container(f"{CONTEXT}.capabilities.add", ["SYS_ADMIN"], absent_is_good=True),
    "pod-proc-mount": of_container(f"{CONTEXT}.procMount", "Unmasked", absent_is_good=True),
    "pod-sysctls": of_pod(f"{CONTEXT}.sysctls[0].name", "kernel.msgmax", absent_is_good=True),
    "pod-app-armor": of_pod(f"{CONTEXT}.appArmorProfile.type", "Unconfined", absent_is_good=True),
    "pod-selinux-type": of_pod(f"{CONTEXT}.seLinuxOptions.type", "spc_t", absent_is_good=True),
    "pod-selinux-user": of_pod(f"{CONTEXT}.seLinuxOptions.user", "system_u", absent_is_good=True),
    "pod-selinux-role": of_pod(f"{CONTEXT}.seLinuxOptions.role", "system_r", absent_is_good=True),
    "pod-read-only-root": of_container(f"{CONTEXT}.readOnlyRootFilesystem", False),
    "pod-group": of_pod(f"{CONTEXT}.runAsGroup", 0),
    "pod-service-account": of_pod("serviceAccountName", "default"),
    "pod-no-token": of_pod("automountServiceAccountToken", True),
    "account-no-token": Sample((account(),), "automountServiceAccountToken", True),
    "pod-no-service-links": of_pod("enableServiceLinks", True),
    "pod-scratch-limit": of_pod("volumes[0].emptyDir.sizeLimit", ""),
    "image-digest": of_container("image", "registry.example/serving:1.2"),
    "image-registry": replace(
        of_container("image", "ghcr.io/serving:1"), config={"registries": ["registry.example/mlops"]}
    ),
    "container-cpu-request": of_container("resources.requests.cpu", "", unknown_is_good=True),
    "container-memory-request": of_container("resources.requests.memory", "", unknown_is_good=True),
    "container-memory-limit": of_container("resources.limits.memory", "", unknown_is_good=True),
    "container-readiness-probe": of_container("readinessProbe", {}, unknown_is_good=True),
    "container-liveness-probe": of_container("livenessProbe", {}, unknown_is_good=True),
    "container-startup-probe": of_container("startupProbe", {}, unknown_is_good=True),
    "availability-budget": Sample(
        (budget(), deployment()), "spec.selector.matchLabels.app", "other", absent_is_good=True
    ),
    "availability-budget-evicts": Sample((budget(), deployment()), "spec.maxUnavailable", 0),
    "availability-spread": of_pod("topologySpreadConstraints", []),
    "network-default-deny": Sample((deny_all(), namespace(), deployment()), "spec.policyTypes", ["Ingress"]),
    "network-flow-ports": Sample((flows(),), "spec.ingress[0].ports", [], unknown_is_good=True),
    "network-flow-peers": Sample((flows(),), "spec.ingress[0].from", []),
    "network-service-type": Sample((service(),), "spec.type", "NodePort", absent_is_good=True),
    "network-load-balancer-ranges": Sample(
        (service("LoadBalancer"),), "spec.loadBalancerSourceRanges", ["0.0.0.0/0"]
    ),
    "network-no-external-ips": Sample(
        (service(),), "spec.externalIPs", ["198.51.100.7"], absent_is_good=True
    ),
    **{
        f"namespace-{mode}-restricted": Sample(
            (namespace(),), f'metadata.labels["pod-security.kubernetes.io/{mode}"]', "baseline"
        )
        for mode in ("enforce", "audit", "warn")
    },
    **{
        f"namespace-{mode}-version": Sample(
            (namespace(),), f'metadata.labels["pod-security.kubernetes.io/{mode}-version"]', "latest"
        )
        for mode in ("enforce", "audit", "warn")
    },
    "namespace-quota": Sample((quota(), namespace()), "metadata.namespace", "other"),
    "namespace-limit-range": Sample((limits(), namespace()), "metadata.namespace", "other"),
    "rbac-named-verbs": Sample((role(),), "rules[0].verbs", ["get", "*"], absent_is_good=True),
    "rbac-named-resources": Sample((role(),), "rules[0].resources", ["pods/*"], absent_is_good=True),
    "rbac-named-groups": Sample((role(),), "rules[0].apiGroups", ["*"], absent_is_good=True),
    "rbac-named-urls": Sample((role(),), "rules[0].nonResourceURLs", ["/*"], absent_is_good=True),
    "rbac-no-escalation": Sample((role(),), "rules[0].verbs", ["get", "bind"], absent_is_good=True),
    "rbac-no-secrets": Sample((role(cluster=True),), "rules[0].resources", ["secrets"], absent_is_good=True),
    "rbac-no-cluster-admin": Sample((binding(),), "roleRef.name", "cluster-admin", absent_is_good=True),
    "rbac-no-crowd": Sample((binding(),), "subjects[0].name", "system:anonymous", absent_is_good=True),
    "helm-chart-reviewed": Sample(
        (release(),), "version", "1.2.4", config={"reviewed": ["oci://registry.example/chart@1.2.3"]}
    ),
    "helm-chart-version": Sample((release(),), "version", ">=1.0.0"),
}
