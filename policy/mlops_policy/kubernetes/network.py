"""Who may reach whom: namespaces closed by default, flows that are named, services that stay inside."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from pydantic import Field

from mlops_policy.building import field, some
from mlops_policy.kubernetes.objects import (
    NAMESPACE,
    NETWORK_POLICY,
    SERVICE,
    WORKLOADS,
    in_namespace,
    name_of,
    namespace_of,
    within,
)
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Framework, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import UNKNOWN, UnknownRead, View, WrongShape, shown
from mlops_policy.wanted import ABSENT, FILLED

INGRESS, EGRESS = "Ingress", "Egress"
_PEERS = {INGRESS: "from", EGRESS: "to"}
_EVERYWHERE = ("0.0.0.0/0", "::/0")


class SharedConfig(RuleConfig):
    """Namespaces that are not for this stack to close."""

    shared: tuple[str, ...] = Field(
        default=("kube-system",), description="Namespaces whose policies are made elsewhere."
    )


class ServiceConfig(RuleConfig):
    """How services may be published."""

    types: tuple[str, ...] = Field(
        default=("ClusterIP", "LoadBalancer"), description="Types of services that are allowed."
    )


class RangesConfig(RuleConfig):
    """Who may reach load balancers."""

    anyone: bool = Field(default=False, description="Whether a load balancer may be open to everyone.")


def closes(policy: Resource, direction: str) -> bool:
    """Whether a NetworkPolicy is about all pods of its namespace, and about what comes in or goes out."""
    spec = policy.view.at("spec")
    selector = spec.key("podSelector")
    if list(selector.key("matchLabels").entries()) or selector.key("matchExpressions").items():
        return False
    return direction in (spec.key("policyTypes").texts() or _implied(spec))


def _implied(spec: View) -> list[str]:
    return [INGRESS, EGRESS] if spec.key("egress").given else [INGRESS]


def _default_deny(subject: Subject, stack: Stack, config: SharedConfig) -> Iterator[str]:
    resource = subject.resource
    made = resource.type.endswith(":Namespace")
    if not made and _made_here(resource, stack):
        # The namespace is judged in its place.
        return
    name = name_of(resource) if made else resource.view.at("metadata.namespace")
    if name.raw is UNKNOWN:
        guarding = list(stack.of(NETWORK_POLICY))
    else:
        if name.text("default") in config.shared:
            return
        guarding = _guarding(stack, name.text("default"))
    for direction in (INGRESS, EGRESS):
        guards = functools.partial(_guards, resource=resource, direction=direction)
        if not some(guarding, guards):
            where = name.text("default")
            yield f"no NetworkPolicy denies {direction.lower()} to all pods of the namespace {where}"


def _made_here(resource: Resource, stack: Stack) -> bool:
    """Whether its namespace is a resource too."""
    if resource.view.at("metadata.namespace").raw is UNKNOWN:
        return bool(some(stack.of(NAMESPACE), lambda each: in_namespace(resource, each)))
    made = stack.memo.get(_made_here)
    if made is None:
        found = [name_of(each) for each in stack.of(NAMESPACE)]
        made = stack.memo[_made_here] = {name.text() for name in found if name.raw is not UNKNOWN}
    return namespace_of(resource) in made


def _guarding(stack: Stack, namespace: str) -> list[Resource]:
    """The NetworkPolicies of a namespace that may be about all its pods."""
    key = (_guarding, namespace)
    if key not in stack.memo:
        stack.memo[key] = [each for each in within(stack, (NETWORK_POLICY,), namespace) if _may_close(each)]
    found: list[Resource] = stack.memo[key]
    return found


def _may_close(policy: Resource) -> bool:
    try:
        return closes(policy, INGRESS) or closes(policy, EGRESS)
    except (UnknownRead, WrongShape):
        return True


def _guards(policy: Resource, resource: Resource, direction: str) -> bool:
    if not closes(policy, direction):
        return False
    if resource.type.endswith(":Namespace"):
        return in_namespace(policy, resource)
    return namespace_of(policy) == namespace_of(resource)


def flows(policy: Resource) -> Iterator[View]:
    """Each rule of a NetworkPolicy that lets something in or out."""
    for key in ("ingress", "egress"):
        yield from policy.view.at("spec").key(key).items()


def _peers(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    key = _PEERS[EGRESS if ".egress[" in subject.view.path else INGRESS]
    peers = subject.view.key(key)
    if not peers.items():
        yield f"{peers.path} is not set, so it is open to everything"


def _ranges(subject: Subject, stack: Stack, config: RangesConfig) -> Iterator[str]:
    spec = subject.view.key("spec")
    if config.anyone or spec.key("type").text() != "LoadBalancer":
        return
    ranges = spec.key("loadBalancerSourceRanges")
    listed = ranges.texts()
    if not listed or any(each in _EVERYWHERE for each in listed):
        yield f"{ranges.path} is {shown(ranges.raw)}, so everyone can reach it"


def _types(subject: Subject, stack: Stack, config: ServiceConfig) -> Iterator[str]:
    place = subject.view.at("spec.type")
    if place.text("ClusterIP") not in config.types:
        yield f"{place.path} is {shown(place.raw)}, which is not in {', '.join(config.types)}"


RULES: tuple[Rule, ...] = (
    Rule(
        name="network-default-deny",
        says="Pods of a namespace reach nothing, and nothing reaches them, unless a NetworkPolicy says so.",
        remedy="Add a NetworkPolicy with podSelector {} and policyTypes [Ingress, Egress] to the namespace.",
        severity=Severity.HIGH,
        kinds=(NAMESPACE, *WORKLOADS),
        judge=_default_deny,
        across=True,
        frameworks=(Framework("CIS EKS 1.5", "4.3.2"), Framework("NIST 800-53 rev 5", "SC-7")),
        config=SharedConfig,
    ),
    field(
        "network-flow-ports",
        "What a NetworkPolicy lets in or out has ports.",
        (NETWORK_POLICY,),
        "ports",
        FILLED,
        parts=flows,
        severity=Severity.MEDIUM,
        remedy="List the ports in each rule of the NetworkPolicy.",
    ),
    Rule(
        name="network-flow-peers",
        says="What a NetworkPolicy lets in or out has peers.",
        remedy="List who may connect in from, and what may be reached in to.",
        severity=Severity.HIGH,
        kinds=(NETWORK_POLICY,),
        judge=_peers,
        parts=flows,
        cel=lambda part: f"size({part}.?from.orValue([]) + {part}.?to.orValue([])) > 0",
    ),
    Rule(
        name="network-service-type",
        says="A Service is published in an allowed way.",
        remedy="Make it a ClusterIP, or add its type to types where this environment publishes so.",
        severity=Severity.HIGH,
        kinds=(SERVICE,),
        judge=_types,
        path="spec.type",
        bad="NodePort",
        config=ServiceConfig,
    ),
    Rule(
        name="network-load-balancer-ranges",
        says="A load balancer is open to named networks alone.",
        remedy="Set loadBalancerSourceRanges to the networks of its users.",
        severity=Severity.CRITICAL,
        kinds=(SERVICE,),
        judge=_ranges,
        path="spec.loadBalancerSourceRanges",
        frameworks=(Framework("NIST 800-53 rev 5", "SC-7"),),
        config=RangesConfig,
    ),
    field(
        "network-no-external-ips",
        "A Service takes no addresses of others (CVE-2020-8554).",
        (SERVICE,),
        "spec.externalIPs",
        ABSENT,
        bad=["198.51.100.7"],
    ),
)
