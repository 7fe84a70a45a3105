"""Rows of the security baseline that are about more than one field of one resource."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hardening import (
    MISSING,
    REMOVE,
    Mutation,
    Row,
    companions,
    of_type,
    places,
    put,
    with_inputs,
    without,
)
from mlops_stacks.recording import Document, Resource

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})
NODE_POLICIES = (
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonSSMManagedInstanceCore",
)
"""All that a node's role may have: none is an application's."""
_CLUSTER, _ROLE = "aws:eks/cluster:", "aws:iam/role:"
_ATTACHMENT, _INLINE = "aws:iam/rolePolicyAttachment:", "aws:iam/rolePolicy:"
_ACCESS, _ASSOCIATION = "aws:eks/accessPolicyAssociation:", "aws:eks/podIdentityAssociation:"
Change = tuple[str, Mapping[str, Any]]
"""What is broken, and the inputs that break it."""


def public_endpoint() -> Row:
    """The API server is private, or open to named networks alone."""

    def bad(cluster: Resource) -> bool:
        ((_, networks),) = places(cluster.inputs, "vpcConfig.publicAccessCidrs")
        named = isinstance(networks, list) and networks and not EVERYWHERE & set(map(str, networks))
        return _public(cluster) and not named

    def changes(cluster: Resource) -> Iterator[Change]:
        # Of a private endpoint that it is, of a public one for whom.
        key = "endpointPublicAccess" if not _public(cluster) else "publicAccessCidrs"
        ((place, value),) = places(cluster.inputs, f"vpcConfig.{key}")
        inputs = copy.deepcopy(dict(cluster.inputs))
        if value is not MISSING and put(inputs, place, REMOVE):
            yield ".".join(place), inputs

    return _single(
        "eks.endpoint", "EKS endpoint", "private, or open to named networks", _CLUSTER, bad, changes
    )


def cluster_logs() -> Row:
    """The group of the control plane's logs is made here, or EKS makes it without key or end."""

    def groups(document: Document, cluster: Resource) -> list[str]:
        name = f"/aws/eks/{cluster.inputs.get('name')}/cluster"
        return [g.urn for g in of_type(document, "aws:cloudwatch/logGroup:") if g.inputs.get("name") == name]

    return _gone("eks.log-group", "Logs", "the group of its logs is made here", _CLUSTER, groups)


def administrator() -> Row:
    """A named role administers the cluster: with the creator's right off nobody else would."""

    def entries(document: Document, cluster: Resource) -> list[str]:
        return [
            each.urn
            for each in companions(document, cluster, _ACCESS, "clusterName")
            if str(each.inputs.get("policyArn")).endswith("/AmazonEKSClusterAdminPolicy")
        ]

    return _gone("eks.administrator", "Access", "a named role administers it", _CLUSTER, entries)


def node_rights() -> Row:
    """Roles of instances have AWS's policies for nodes and none of an application."""

    def is_nodes(role: Resource) -> bool:
        return "ec2.amazonaws.com" in str(role.inputs.get("assumeRolePolicy"))

    def attached(document: Document) -> Iterator[tuple[Resource, Resource]]:
        for role in of_type(document, _ROLE):
            for each in companions(document, role, _ATTACHMENT, "role") if is_nodes(role) else []:
                yield role, each

    def offenders(document: Document) -> list[str]:
        wide = {
            role.urn
            for role, each in attached(document)
            if str(each.inputs.get("policyArn")).rpartition("/")[2] not in NODE_POLICIES
        }
        inline = {
            role.urn
            for role in of_type(document, _ROLE)
            if is_nodes(role)
            and (companions(document, role, _INLINE, "role") or role.inputs.get("inlinePolicies"))
        }
        return sorted(wide | inline)

    def mutations(document: Document) -> Iterator[Mutation]:
        for role, each in attached(document):
            wide = {**each.inputs, "policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}
            yield Mutation(f"{role.name} its own policies alone", with_inputs(document, each, wide))

    return Row("nodes.rights", "Nodes", "no right of an application", offenders, mutations)


def one_role_per_account() -> Row:
    """No two service accounts share a role."""

    def owners(document: Document) -> dict[Any, set[tuple[Any, Any]]]:
        found: dict[Any, set[tuple[Any, Any]]] = {}
        for each in of_type(document, _ASSOCIATION):
            account = (each.inputs.get("namespace"), each.inputs.get("serviceAccount"))
            found.setdefault(str(each.inputs.get("roleArn")), set()).add(account)
        return found

    def offenders(document: Document) -> list[str]:
        shared = {role for role, accounts in owners(document).items() if len(accounts) > 1}
        return [
            each.urn for each in of_type(document, _ASSOCIATION) if str(each.inputs.get("roleArn")) in shared
        ]

    def mutations(document: Document) -> Iterator[Mutation]:
        first, *others = of_type(document, _ASSOCIATION) or [None]
        for each in others if first is not None else []:
            inputs = {**each.inputs, "roleArn": first.inputs.get("roleArn")}
            yield Mutation(f"{each.name} a role of its own", with_inputs(document, each, inputs))

    return Row("identity.one-role", "Workload identity", "one role per service account", offenders, mutations)


def web_identity() -> Row:
    """Roles that a token of an OIDC provider may take name its audience and its subject."""

    def keys(one: Mapping[str, Any]) -> set[str]:
        conditions = one.get("Condition", {})
        named = {**conditions.get("StringEquals", {}), **conditions.get("StringLike", {})}
        return {key.rpartition(":")[2] for key, value in named.items() if value not in ("*", ["*"])}

    def federated(role: Resource) -> list[dict[str, Any]]:
        statements = _statements(role.inputs.get("assumeRolePolicy"))
        return [one for one in statements if "Federated" in (one.get("Principal") or {})]

    def bad(role: Resource) -> bool:
        return any(not {"aud", "sub"} <= keys(one) for one in federated(role))

    def changes(role: Resource) -> Iterator[Change]:
        for suffix in ("aud", "sub") if federated(role) else ():
            policy = json.loads(role.inputs["assumeRolePolicy"])
            for one in policy["Statement"]:
                for named in one.get("Condition", {}).values():
                    for key in [key for key in named if key.endswith(f":{suffix}")]:
                        del named[key]
            yield f"its {suffix}", {**role.inputs, "assumeRolePolicy": json.dumps(policy)}

    return _single("identity.web", "Workload identity", "tokens of one subject", _ROLE, bad, changes)


def scoped_buckets() -> Row:
    """Rights on objects name buckets: no role reads or writes whatever bucket there is."""
    every = ("*", "arn:aws:s3:::*", "arn:aws:s3:::*/*")

    def on_objects(policy: Resource) -> list[dict[str, Any]]:
        return [
            one
            for one in _statements(policy.inputs.get("policy"))
            if one.get("Effect") == "Allow" and any(a.startswith("s3:") for a in _listed(one.get("Action")))
        ]

    def bad(policy: Resource) -> bool:
        return any(set(every) & set(_listed(one.get("Resource"))) for one in on_objects(policy))

    def changes(policy: Resource) -> Iterator[Change]:
        if on_objects(policy):
            text = json.loads(policy.inputs["policy"])
            for one in text["Statement"]:
                if any(action.startswith("s3:") for action in _listed(one.get("Action"))):
                    one["Resource"] = ["*"]
            yield "the buckets it names", {**policy.inputs, "policy": json.dumps(text)}

    return _single("identity.buckets", "Workload identity", "named buckets alone", _INLINE, bad, changes)


def force_ssl() -> Row:
    """The parameters of a PostgreSQL server refuse connections without TLS."""

    def forced(group: Resource) -> list[Any]:
        return [
            each
            for each in group.inputs.get("parameters") or []
            if each.get("name") == "rds.force_ssl" and str(each.get("value")) == "1"
        ]

    def changes(group: Resource) -> Iterator[Change]:
        left = [each for each in group.inputs.get("parameters") or [] if each not in forced(group)]
        yield "rds.force_ssl", {**group.inputs, "parameters": left}

    kind = "aws:rds/parameterGroup:"
    return _single(
        "rds.tls", "RDS", "no connection without TLS", kind, lambda group: not forced(group), changes
    )


def _public(cluster: Resource) -> bool:
    """EKS makes it public unless it is told not to."""
    return places(cluster.inputs, "vpcConfig.endpointPublicAccess")[0][1] is not False


def _single(
    name: str,
    area: str,
    says: str,
    kind: str,
    bad: Callable[[Resource], bool],
    changes: Callable[[Resource], Iterator[Change]],
) -> Row:
    """A row about each resource of a type by itself."""

    def mutations(document: Document) -> Iterator[Mutation]:
        for each in of_type(document, kind):
            for what, inputs in changes(each):
                yield Mutation(f"{each.name} {what}", with_inputs(document, each, inputs))

    return Row(
        name, area, says, lambda document: [r.urn for r in of_type(document, kind) if bad(r)], mutations
    )


def _gone(
    name: str, area: str, says: str, kind: str, needed: Callable[[Document, Resource], list[str]]
) -> Row:
    """A row by which each resource of a type needs one of some others."""

    def offenders(document: Document) -> list[str]:
        return [each.urn for each in of_type(document, kind) if not needed(document, each)]

    def mutations(document: Document) -> Iterator[Mutation]:
        for each in of_type(document, kind):
            if found := needed(document, each):
                yield Mutation(f"{each.name} {', '.join(found)}", without(document, found))

    return Row(name, area, says, offenders, mutations)


def _statements(policy: Any) -> list[dict[str, Any]]:
    if not isinstance(policy, str) or not policy.startswith("{"):
        return []
    statements = json.loads(policy).get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
