"""Who reaches what: only endpoints are there for everybody."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import Field

from mlops_policy.kubernetes.objects import NETWORK_POLICY, SERVICE, namespace_of
from mlops_policy.mlops.endpoints import COMPONENT, NAME_LABEL
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import LocalConfig, Rule, RuleConfig, Severity, Subject
from mlops_policy.views import MISSING, UnknownRead, View, WrongShape, shown

ROUTES = (
    "kubernetes:networking.k8s.io/*:Ingress",
    "kubernetes:gateway.networking.k8s.io/*:HTTPRoute",
    "kubernetes:gateway.networking.k8s.io/*:GRPCRoute",
    "kubernetes:gateway.networking.k8s.io/*:TCPRoute",
    "kubernetes:gateway.networking.k8s.io/*:TLSRoute",
    "kubernetes:elbv2.k8s.aws/*:TargetGroupBinding",
)
_PUBLISHING = ("NodePort", "LoadBalancer")
_WIDEST = {4: 8, 6: 16}
"""A block of fewer bits than these is anybody: 0.0.0.0/1 twice is as open as 0.0.0.0/0."""
_NARROWING = frozenset(
    {
        *("aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"),
        *("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"),
        *("aws:sourcevpc", "aws:sourcevpce", "s3:dataaccesspointaccount", "aws:userid"),
    }
)


class PublishedConfig(LocalConfig):
    """What clients outside the cluster may reach."""

    published: tuple[str, ...] = Field(
        default=(COMPONENT,),
        description=f"values of the label {NAME_LABEL} of pods that clients outside may reach",
    )


class FlowsConfig(PublishedConfig):
    """Which pods any address may reach."""

    asked_by_servers: tuple[str, ...] = Field(
        default=("keda-adapter", "prometheus", "alertmanager"),
        description="the same of pods that the API server asks, whose address no policy can name",
    )


class GroupConfig(RuleConfig):
    """Which ports the world may reach."""

    ports: tuple[int, ...] = Field(default=(), description="ports that may be open to every address")


def everybody(cidr: str) -> bool:
    """Whether a block of addresses is as good as all of them; a text that is no block is not."""
    try:
        block = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return block.prefixlen < _WIDEST[block.version]


def _published(subject: Subject, stack: Stack, config: PublishedConfig) -> Iterator[str]:
    spec = subject.view.at("spec")
    outside = spec.key("externalIPs").given
    kind = spec.key("type").text("ClusterIP")
    if kind not in _PUBLISHING and not outside:
        return
    name = spec.key("selector").key(NAME_LABEL).text()
    if name in config.published or (config.local_node and kind == "NodePort" and not outside):
        return
    yield (
        f"{spec.path}.type is {kind}{' with externalIPs' if outside else ''}, and its pods are "
        f"{name or 'of no name'}: only {', '.join(config.published)} may be published"
    )


def _backends(resource: Resource) -> Iterator[View]:
    """Where a route names a Service."""
    spec = resource.view.at("spec")
    if resource.type.endswith(":TargetGroupBinding"):
        yield spec.at("serviceRef.name")
    elif resource.type.endswith(":Ingress"):
        places = [spec.at("defaultBackend.service.name")]
        for rule in spec.key("rules").items():
            places += [path.at("backend.service.name") for path in rule.at("http.paths").items()]
        yield from (place for place in places if place.raw is not MISSING)
    else:
        for rule in spec.key("rules").items():
            yield from (each.key("name") for each in rule.key("backendRefs").items())


def _leads_to_endpoints(subject: Subject, stack: Stack, config: PublishedConfig) -> Iterator[str]:
    name = subject.view.text()
    where = namespace_of(subject.resource)
    for service in stack.of(SERVICE):
        if service.view.at("metadata.name").text() == name and namespace_of(service) == where:
            pods = service.view.at("spec.selector").key(NAME_LABEL).text()
            if pods not in config.published:
                yield f"{subject.view.path} leads to {name}, whose pods are {pods or 'of no name'}"
            return
    yield f"{subject.view.path} leads to {name or 'nothing'}, which is no Service of this stack"


def _ingress_rules(resource: Resource) -> Iterator[View]:
    yield from resource.view.at("spec.ingress").items()


def _named_flows(subject: Subject, stack: Stack, config: FlowsConfig) -> Iterator[str]:
    name = subject.resource.view.at("spec.podSelector.matchLabels").key(NAME_LABEL)
    for why, outside in _open_to(subject.view):
        pods = name.text()
        if pods in config.published or pods in config.asked_by_servers:
            return
        if not (outside and config.local_node and _on_the_node(subject.resource, stack)):
            yield f"{why}, to pods that are {pods or 'all of the namespace'}"


def _open_to(rule: View) -> Iterator[tuple[str, bool]]:
    """Why a rule of a NetworkPolicy admits anybody, and whether that is by addresses."""
    peers = rule.key("from").items()
    if not peers:
        yield f"{rule.path}.from names nobody, so everybody may ask", False
    for peer in peers:
        cidr = peer.at("ipBlock.cidr")
        if everybody(cidr.text()):
            yield f"{cidr.path} is {cidr.text()}", True
        spaces = peer.key("namespaceSelector")
        if spaces.known is not MISSING and not any(
            spaces.key(key).given for key in ("matchLabels", "matchExpressions")
        ):
            yield f"{spaces.path} is empty, so every pod of the cluster may ask", False


def _on_the_node(policy: Resource, stack: Stack) -> bool:
    """Whether a Service on a node's port leads to the pods of a policy."""
    wanted = dict(policy.view.at("spec.podSelector.matchLabels").entries())
    labels = {key: view.text() for key, view in wanted.items()}
    for service in stack.of(SERVICE):
        on_node = any(port.key("nodePort").given for port in service.view.at("spec.ports").items())
        if on_node and namespace_of(service) == namespace_of(policy):
            chosen = {key: view.text() for key, view in service.view.at("spec.selector").entries()}
            if chosen and chosen.items() <= labels.items():
                return True
    return False


def _group_cidrs(resource: Resource) -> Iterable[View]:
    """Each rule by which a security group lets somebody in."""
    if resource.type.startswith("aws:ec2/securityGroup:"):
        return resource.view.at("ingress").items()
    return [resource.view]


def _closed_group(subject: Subject, stack: Stack, config: GroupConfig) -> Iterator[str]:
    rule = subject.view
    if (
        subject.resource.type.startswith("aws:ec2/securityGroupRule:")
        and rule.key("type").text() != "ingress"
    ):
        return
    places = [rule.key("cidrIpv4"), rule.key("cidrIpv6")]
    places += [each for key in ("cidrBlocks", "ipv6CidrBlocks") for each in rule.key(key).items()]
    unknown: UnknownRead | None = None
    for place in places:
        try:
            if everybody(place.text()) and not _one_of(rule, config.ports):
                yield f"{place.path} is {place.text()}"
        except UnknownRead as error:
            unknown = unknown or error
    if unknown is not None:
        raise unknown


def _one_of(rule: View, ports: tuple[int, ...]) -> bool:
    first, last = rule.key("fromPort").whole(-1), rule.key("toPort").whole(-1)
    return first == last and first in ports


def _for_named(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    view = subject.view.at("policy")
    for number, statement in enumerate(_statements(view)):
        if statement.get("Effect") != "Allow" or not _anybody(statement.get("Principal")):
            continue
        conditions = statement.get("Condition") or {}
        keys = {str(key).lower() for block in conditions.values() for key in block}
        if not keys & _NARROWING:
            yield f"{view.path}: statement {number} ({statement.get('Sid', 'no Sid')}) allows it to everybody"


def _statements(view: View) -> list[dict[str, Any]]:
    value = view.plain()
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    found = value.get("Statement") if isinstance(value, dict) else None
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise WrongShape(f"{view.path} is {shown(view.raw)}, where a policy is expected")
    return found


def _anybody(principal: Any) -> bool:
    given = principal.get("AWS") if isinstance(principal, dict) else principal
    return "*" in (given if isinstance(given, list) else [given])


def _listens(subject: Subject, stack: Stack, config: RuleConfig) -> Iterator[str]:
    protocol = subject.view.at("protocol")
    if protocol.text("HTTP") in ("HTTPS", "TLS"):
        return
    for action in subject.view.at("defaultActions").items():
        if action.at("redirect.protocol").text() != "HTTPS":
            yield f"{protocol.path} is {protocol.text('HTTP')}, and {action.path} answers without TLS"


RULES: tuple[Rule, ...] = (
    Rule(
        name="stack-published-services",
        says="Clients outside the cluster reach endpoints, and no registry, model UI, store or database.",
        remedy="Make it a ClusterIP; people reach it by kubectl port-forward or `mlops dashboard`.",
        severity=Severity.CRITICAL,
        kinds=(SERVICE,),
        judge=_published,
        config=PublishedConfig,
    ),
    Rule(
        name="stack-routes-to-endpoints",
        says="Ingresses, routes and target groups lead to endpoints alone.",
        remedy="Take the route to anything else away.",
        severity=Severity.CRITICAL,
        kinds=ROUTES,
        judge=_leads_to_endpoints,
        parts=_backends,
        across=True,
        config=PublishedConfig,
    ),
    Rule(
        name="stack-named-flows",
        says="A NetworkPolicy names who may reach a registry, model UI, store or database.",
        remedy="Name namespaces, pods or narrow addresses in spec.ingress[].from.",
        severity=Severity.CRITICAL,
        kinds=(NETWORK_POLICY,),
        judge=_named_flows,
        parts=_ingress_rules,
        across=True,
        config=FlowsConfig,
    ),
    Rule(
        name="stack-closed-groups",
        says="A security group lets nobody in from everywhere.",
        remedy="Name narrow addresses or another group; a port for the world goes into ports of the rule.",
        severity=Severity.CRITICAL,
        kinds=(
            "aws:ec2/securityGroup:",
            "aws:ec2/defaultSecurityGroup:",
            "aws:ec2/securityGroupRule:",
            "aws:vpc/securityGroupIngressRule:",
        ),
        judge=_closed_group,
        parts=_group_cidrs,
        config=GroupConfig,
    ),
    Rule(
        name="stack-buckets-for-named",
        says="No bucket is open to everybody.",
        remedy="Name principals, or narrow the statement by the caller's organisation or endpoint.",
        severity=Severity.CRITICAL,
        kinds=("aws:s3/bucketPolicy:",),
        judge=_for_named,
    ),
    Rule(
        name="stack-listeners-encrypt",
        says="A load balancer speaks TLS, or leads on to where it does.",
        remedy="Set protocol to HTTPS with a certificate, or redirect to HTTPS.",
        severity=Severity.HIGH,
        kinds=("aws:lb/listener:", "aws:alb/listener:"),
        judge=_listens,
    ),
)
