"""NetworkPolicies from named flows: everything is denied, then each flow is one readable rule. Pure.

A flow is a dict with the keys of `shared_args.FlowArgs`: `name`, `port` and where the other end is,
`namespace` with `pods` (labels), or `cidr`.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pulumi_mlops.manifests import Object, compact
from pulumi_mlops.names import port_of

EVERYWHERE = "0.0.0.0/0"
CREDENTIALS_AGENT = "169.254.170.23/32"
"""Where the EKS Pod Identity agent of each node answers (Amazon EKS User Guide, "EKS Pod Identity agent")."""
API_SERVER_PORTS = (443, 6443)
"""Of the Service `kubernetes`, and behind it: a network plugin may look before or after the translation."""


def policy(
    meta: Object, selector: Mapping[str, str], ingress: Sequence[Object], egress: Sequence[Object]
) -> Object:
    """The policy of one component's pods; a direction without rules is closed.

    An egress rule for DNS comes with the first other egress rule: no flow works by name without it.
    """
    spec = {
        "podSelector": {"matchLabels": dict(selector)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": list(ingress),
        "egress": [dns(), *egress] if egress else [],
    }
    return {"metadata": meta, "spec": compact(spec)}


def deny_all(meta: Object) -> Object:
    """The policy of a namespace: no pod may talk or be talked to unless another policy names the flow."""
    return {"metadata": meta, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}


def ingress(flow: Mapping[str, Any]) -> Object:
    """The rule that lets a flow in, on `flow["port"]` of the selected pods."""
    return {"from": [_peer(flow)], "ports": [_tcp(flow["port"])]}


def egress(flow: Mapping[str, Any]) -> Object:
    """The rule that lets a flow out, to `flow["port"]` of its other end."""
    return {"to": [_peer(flow)], "ports": [_tcp(flow["port"])]}


def from_outside(port: int) -> Object:
    """The rule for a published port: clients outside the cluster have any address."""
    return ingress({"cidr": EVERYWHERE, "port": port})


def to_api_server() -> list[Object]:
    """The rules that let pods reach the API server, whose address no selector can name."""
    return [egress({"cidr": EVERYWHERE, "port": port}) for port in API_SERVER_PORTS]


def to_credentials() -> Object:
    """The rule that lets a pod fetch the credentials of its service account's role from the node's agent."""
    return egress({"cidr": CREDENTIALS_AGENT, "port": 80})


def leading_to(url: str) -> Object:
    """The flow to a URL: a Service by its name in the cluster (`x`, `x.namespace.svc`), else any address."""
    labels = (urlsplit(url).hostname or "").removesuffix(".cluster.local").split(".")
    flow: Object = {"port": port_of(url)}
    if len(labels) == 3 and labels[2] == "svc":
        return {**flow, "namespace": labels[1]}
    return flow if len(labels) == 1 else {**flow, "cidr": EVERYWHERE}


def dns() -> Object:
    """The rule that lets pods resolve names at the cluster's DNS."""
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    return {"to": [peer], "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}


def _peer(flow: Mapping[str, Any]) -> Object:
    if flow.get("cidr") is not None:
        return {"ipBlock": {"cidr": flow["cidr"]}}
    namespace, pods = flow.get("namespace"), flow.get("pods")
    peer: Object = {"podSelector": {} if pods is None else {"matchLabels": pods}}
    if namespace is not None:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return peer


def _tcp(port: Any) -> Object:
    return {"protocol": "TCP", "port": port}
