"""Programs with one hardening field broken at a time, and which rules of the policy pack notice.

A field is broken as its rule says: at `Rule.path`, of each of `Rule.parts`, by `Rule.bad`. What a rule asks
of other resources is broken by taking these away. Some rules need more than that, which is said here.
"""

from __future__ import annotations

import copy
import datetime
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi

import pulumi_mlops as mlops
from component_samples import make
from mlops_policy import documents
from mlops_policy.checking import RULES
from mlops_policy.judging import Judge, configured
from mlops_policy.kubernetes.availability import BUDGET
from mlops_policy.kubernetes.namespaces import LIMITS, QUOTA
from mlops_policy.kubernetes.network import closes, flows
from mlops_policy.kubernetes.objects import (
    NAMESPACE,
    NETWORK_POLICY,
    WORKLOADS,
    containers,
    name_of,
    namespace_of,
    pod_spec,
)
from mlops_policy.kubernetes.rbac import CLUSTER_ROLE
from mlops_policy.kubernetes.scaling import least
from mlops_policy.resources import Resource, Stack, is_of
from mlops_policy.rules import Rule
from mlops_policy.views import MISSING, View, steps
from mlops_stacks.recording import document_of, record

TODAY = datetime.date(2026, 1, 1)
INHERITED = ("pod-non-root", "pod-user", "pod-group", "pod-seccomp")
"""Rules of what a pod says for all its containers."""
BY_HAND = frozenset(
    {"availability-spread", "image-digest", "image-registry", "network-service-type", "pod-no-host-port"}
)
"""Rules whose fields are broken by what depends on the resource."""
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}


@dataclass(frozen=True)
class Mutation:
    """One thing broken, and the rule that must notice; `changed` is None where a resource was taken away."""

    rule: str
    what: str
    resource: Resource
    changed: Resource | None


@dataclass(frozen=True)
class Program:
    """What a program makes of Kubernetes, and how the rules are configured."""

    resources: Sequence[Resource]
    config: Mapping[str, Mapping[str, Any]]

    def judge(self) -> Judge:
        """A judge with every rule about Kubernetes."""
        return Judge(configured(RULES, self.config), TODAY)


def of_component(component: type[pulumi.ComponentResource]) -> Program:
    """A component with its sample arguments, in namespaces that a GuardedNamespace makes."""

    def alone() -> None:
        make(component, "made")

    def guarded() -> None:
        alone()
        for name in missing:
            mlops.GuardedNamespace(f"space-{name}", {"object_name": name})

    missing = _without_namespace(_recorded(alone))
    return Program(_recorded(guarded), allowing("127.0.0.1:30500/mlops"))


def allowing(registry: str) -> Mapping[str, Mapping[str, Any]]:
    """A configuration of what differs from place to place: one registry, and services of every type."""
    return {
        "network-service-type": {"types": ["ClusterIP", "NodePort", "LoadBalancer"]},
        "image-registry": {"registries": [registry]},
    }


def _recorded(program: Callable[[], object]) -> list[Resource]:
    recording = record(program, project="mlops", stack="test", config={}, preview=False)
    document = document_of("test", recording, ()).model_dump(by_alias=True)
    return [each for each in documents.resources(document) if each.type.startswith("kubernetes:")]


def _without_namespace(resources: Sequence[Resource]) -> list[str]:
    made = {name_of(each).text() for each in Stack(resources).of(NAMESPACE)}
    return sorted({namespace_of(each) for each in Stack(resources).of(*WORKLOADS)} - made)


def fired(program: Program, mutation: Mutation) -> set[str]:
    """The rules that notice a mutation.

    A rule that looks at one resource is asked of the changed one alone, and the others of the namespace that
    it is in: no rule about Kubernetes relates objects of two.
    """
    judge = program.judge()
    space = _space(mutation.resource)
    others = [each for each in program.resources if each is not mutation.resource and _space(each) == space]
    changed = [mutation.changed] if mutation.changed is not None else []
    alone = [found for each in changed for found in judge.resource(each)]
    return {found.rule.name for found in [*alone, *judge.stack(Stack([*others, *changed]))]}


def _space(resource: Resource) -> str:
    return name_of(resource).text() if is_of(resource.type, (NAMESPACE,)) else namespace_of(resource)


def mutations(program: Program) -> Iterator[Mutation]:
    """Everything that the rules say can be broken in a program, one at a time."""
    stack = Stack(program.resources)
    for rule in RULES:
        for resource in stack.of(*rule.kinds):
            if rule.path and rule.name not in BY_HAND:
                yield from _fields(rule, resource)
    for resource in stack.of(*WORKLOADS):
        yield from _inherited(resource)
        yield from _of_containers(resource)
        spread = pod_spec(resource).key("topologySpreadConstraints")
        if spread.given and least(resource, stack) > 1:
            yield _put("availability-spread", resource, spread.path, MISSING)
    yield from _of_network(stack)
    yield from _companions(stack)
    for resource in stack.of(CLUSTER_ROLE):
        yield _put("rbac-no-secrets", resource, "rules[0]", SECRETS)


def _fields(rule: Rule, resource: Resource) -> Iterator[Mutation]:
    for part in rule.parts(resource):
        for place in part.places(rule.path):
            if rule.bad is not MISSING or place.raw is not MISSING:
                yield _put(rule.name, resource, place.path, rule.bad)


def _inherited(resource: Resource) -> Iterator[Mutation]:
    rules = {rule.name: rule for rule in RULES}
    for name in INHERITED:
        place = pod_spec(resource).at(rules[name].path)
        if place.given:
            yield _put(name, resource, place.path, MISSING)


def _of_containers(resource: Resource) -> Iterator[Mutation]:
    for each in containers(resource):
        image: View = each.key("image")
        name, _, digest = image.text().partition("@")
        yield _put("image-digest", resource, image.path, f"{name}:latest")
        yield _put("image-registry", resource, image.path, f"registry.example/stranger@{digest}")
        if each.key("ports").given:
            yield _put("pod-no-host-port", resource, f"{each.path}.ports[0].hostPort", 8443)


def _of_network(stack: Stack) -> Iterator[Mutation]:
    for policy in stack.of(NETWORK_POLICY):
        for flow in flows(policy):
            key = "to" if ".egress[" in flow.path else "from"
            yield _put("network-flow-peers", policy, f"{flow.path}.{key}", MISSING)
        if closes(policy, "Ingress"):
            yield Mutation("network-default-deny", "all of it", policy, None)
            for direction in ("Ingress", "Egress"):
                yield _put("network-default-deny", policy, "spec.policyTypes", [direction])
            yield _put("network-default-deny", policy, "spec.podSelector.matchLabels", {"app": "one"})
    for service in stack.of("kubernetes:core/*:Service"):
        yield _put("network-service-type", service, "spec.type", "ExternalName")
        yield _put("network-load-balancer-ranges", service, "spec.type", "LoadBalancer")


def _companions(stack: Stack) -> Iterator[Mutation]:
    for rule, kind in (("namespace-quota", QUOTA), ("namespace-limit-range", LIMITS)):
        for resource in stack.of(kind):
            yield Mutation(rule, "all of it", resource, None)
    for budget in stack.of(BUDGET):
        labels = budget.view.at("spec.selector.matchLabels")
        if any(
            least(each, stack) > 1 and namespace_of(each) == namespace_of(budget)
            for each in stack.of("kubernetes:apps/*:Deployment")
        ):
            yield Mutation("availability-budget", "all of it", budget, None)
            yield _put("availability-budget", budget, labels.path, {"app": "another"})


def _put(rule: str, resource: Resource, path: str, value: Any) -> Mutation:
    return Mutation(rule, f"{path} = {value!r}", resource, with_value(resource, path, value))


def with_value(resource: Resource, path: str, value: Any) -> Resource:
    """The resource with another value at a path, whose sections are made; MISSING takes it away."""
    props = copy.deepcopy(dict(resource.props))
    way = steps(path)
    part: Any = props
    for step, after in itertools.pairwise(way):
        empty: Any = [{}] if isinstance(after, int) else {}
        if isinstance(part, dict) and part.get(str(step)) in (None, []):
            part[str(step)] = empty
        part = part[step]
    if value is MISSING:
        del part[way[-1]]
    else:
        part[way[-1]] = value
    return replace(resource, props=props)
