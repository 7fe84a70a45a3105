"""What rules about AWS are tried with: the hardened program, its fields, how it is broken by hand."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import aws_answers
import hardened_program
from mlops_policy.aws import kinds
from mlops_policy.catalog import FAMILIES
from mlops_policy.documents import resources
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule
from mlops_policy.testing import Sample, changed
from mlops_policy.views import MISSING
from mlops_stacks.recording import Document
from policy_mutations import Mutation, Special, with_field

RULES: tuple[Rule, ...] = tuple(
    rule for family, rules in FAMILIES.items() if family.startswith("aws ") for rule in rules
)
OF_PRODUCTION = frozenset(
    {
        "ecr-no-force", "ecr-protect", "eks-deletion", "eks-protect", "kms-protect", "rds-backups-stay",
        "rds-backups-week", "rds-deletion", "rds-final", "rds-final-name", "rds-protect", "rds-zones",
        "s3-no-force", "s3-protect",
    }
)  # fmt: skip
ELSEWHERE = {name: {"production": False} for name in OF_PRODUCTION}
"""Configuration of a stack that is not one of production."""
OF_OPTIONS = frozenset({"ecr-protect", "eks-protect", "kms-protect", "rds-protect", "s3-protect"})
"""Rules about no field: an option of a resource is always known, and there or not."""
_BUCKETS = ("block", "ownership", "versions", "encryption", "policy", "lifecycle", "access-logs")
_COMPANIONS = dict(
    zip(
        (f"s3-{name}" for name in _BUCKETS),
        (
            kinds.BLOCK,
            kinds.OWNERSHIP,
            kinds.VERSIONING,
            kinds.ENCRYPTION,
            kinds.BUCKET_POLICY,
            kinds.LIFECYCLE,
            kinds.LOGGING,
        ),
        strict=True,
    )
)
FIELDS: dict[str, tuple[str, str, Any]] = {
    **{name: (kind, "bucket", "another") for name, kind in _COMPANIONS.items()},
    "ecr-lifecycle": (kinds.REPOSITORY_LIFECYCLE, "repository", "another"),
    "ecr-policy": (kinds.REPOSITORY_POLICY, "repository", "another"),
    "eks-administrator": (kinds.ACCESS, "policyArn", "cluster-access-policy/AmazonEKSViewPolicy"),
    "eks-log-group": (kinds.LOG_GROUP, "name", "/aws/eks/another/cluster"),
    "nodes-rights": (kinds.ATTACHMENT, "policyArn", "arn:aws:iam::aws:policy/AmazonS3FullAccess"),
    "vpc-default-group": (kinds.DEFAULT_GROUP, "vpcId", "vpc-another"),
    "vpc-flow-logs": (kinds.FLOW_LOG, "vpcId", "vpc-another"),
}  # fmt: skip
"""Of rules that are about other resources than those that they name: which, which field, and a bad value."""
GOOD = {
    "nodes-no-key-pair": "",
    "nodes-no-remote": {},
    "s3-no-force": False,
    "ecr-no-force": False,
    "rds-no-password": "",
}
"""Good values of fields that the hardened program does without."""
GOOD_IF_ABSENT = frozenset(
    {
        *GOOD, "identity-buckets", "identity-one-role", "identity-web", "rds-backups-week", "s3-noncurrent",
    }
)  # fmt: skip
GOOD_IF_UNKNOWN = frozenset(
    {
        "ecr-key", "eks-secrets-key", "eks-version", "kms-policy", "logs-key", "nodes-disk-key",
        "nodes-template", "pools-disk-key", "rds-certificate", "rds-final-name", "rds-insights-key",
        "rds-key", "rds-password-key", "s3-key",
    }
)  # fmt: skip
"""Rules that ask for a value, whichever it is."""


@functools.cache
def hardened(*, preview: bool = False) -> tuple[Resource, ...]:
    """The resources of the hardened program."""
    return of_document(aws_answers.recorded(hardened_program.program, preview=preview))


def of_document(document: Document) -> tuple[Resource, ...]:
    """The resources of a recorded program."""
    return resources(document.model_dump(by_alias=True))


def sample(rule: Rule) -> Sample:
    """The hardened program with a resource in front that has the field by which the rule is broken."""
    found = [*hardened()]
    if rule.name in FIELDS:
        kind, at, bad = FIELDS[rule.name]
        first = next(each for each in found if each.type.startswith(kind))
    else:
        stack = Stack(found)
        subject = next(
            each
            for each in rule.subjects(stack)
            if _is_of(rule.name, each.resource) and rule.where(each, stack)
        )
        first, at = subject.resource, subject.view.places(rule.path)[0].path
        bad = _bad(rule, first, at)
    if rule.name in GOOD:
        first = changed(first, at, GOOD[rule.name])
    made_of = first.references.get(at, ())
    # The field itself is what tells here, and not what it was made of.
    first = replace(first, references={key: urns for key, urns in first.references.items() if key != at})
    others = [
        replace(each, props={**each.props, "id": first.props[at]}) if each.urn in made_of else each
        for each in found
        if each.urn != first.urn and not _stands_for(rule, first, each)
    ]
    return Sample(
        (first, *others),
        at,
        bad,
        absent_is_good=rule.name in GOOD_IF_ABSENT,
        unknown_is_good=rule.name in GOOD_IF_UNKNOWN,
    )


def _is_of(name: str, resource: Resource) -> bool:
    """Of roles the one is taken for which there is something to say."""
    return name != "identity-web" or resource.name == "ci"


def _stands_for(rule: Rule, first: Resource, other: Resource) -> bool:
    """Whether another group of logs is the cluster's too."""
    return rule.name == "eks-log-group" and other.type == first.type


def _bad(rule: Rule, resource: Resource, at: str) -> Any:
    """A value that breaks the rule: its own, or nothing of the type that is there."""
    if rule.name in _BY_HAND:
        return _BY_HAND[rule.name]()
    if rule.bad is not MISSING:
        return rule.bad
    value = _at(resource, at)
    return not value if isinstance(value, bool) else type(value)()


def _at(resource: Resource, path: str) -> Any:
    part: Any = resource.props
    for step in path.replace("[", ".").replace("]", "").split("."):
        part = part[int(step)] if step.isdigit() else part[step]
    return part


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _open_web() -> str:
    federated = {"Federated": ["arn:aws:iam::123456789012:oidc-provider/token.example"]}
    return _policy([{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": federated}])


_BY_HAND: dict[str, Callable[[], Any]] = {
    "identity-buckets": lambda: _policy([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]),
    "identity-one-role": lambda: next(
        each.props["roleArn"] for each in reversed(hardened()) if each.type.startswith(kinds.ASSOCIATION)
    ),
    "identity-web": _open_web,
    "s3-tls": lambda: _policy([]),
    "s3-wrong-key": lambda: _policy([]),
}


def _without_statement(kind: str, tells: str) -> Callable[[Stack], Iterator[Mutation]]:
    """A bucket's policy without the statement with a text in it."""

    def breaks(stack: Stack) -> Iterator[Mutation]:
        for each in stack.of(kind):
            policy = json.loads(each.props["policy"])
            left = [one for one in policy["Statement"] if tells not in json.dumps(one)]
            if len(left) < len(policy["Statement"]):
                yield Mutation(f"the statement of {each.name}", (changed(each, "policy", _policy(left)),))

    return breaks


def _shared_role(stack: Stack) -> Iterator[Mutation]:
    first, *others = [*stack.of(kinds.ASSOCIATION)] or [None]
    for each in others if first else []:
        assert first
        shared = changed(each, "roleArn", first.props["roleArn"])
        yield Mutation(f"{each.name} a role of its own", (replace(shared, references=first.references),))


def _open_conditions(stack: Stack) -> Iterator[Mutation]:
    for role in stack.of(kinds.ROLE):
        for suffix in ("aud", "sub"):
            policy = json.loads(role.props["assumeRolePolicy"])
            federated = [one for one in policy["Statement"] if "Federated" in one["Principal"]]
            for condition in (each for one in federated for each in one.get("Condition", {}).values()):
                for key in [key for key in condition if key.endswith(f":{suffix}")]:
                    del condition[key]
            if federated:
                yield Mutation(
                    f"{suffix} of {role.name}", (changed(role, "assumeRolePolicy", json.dumps(policy)),)
                )


def _all_buckets(stack: Stack) -> Iterator[Mutation]:
    for each in stack.of(kinds.ROLE_POLICY):
        policy = json.loads(each.props["policy"])
        for one in policy["Statement"]:
            actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
            if one["Effect"] == "Allow" and any(action.startswith("s3:") for action in actions):
                one["Resource"] = ["*"]
        if policy != json.loads(each.props["policy"]):
            yield Mutation(f"the buckets of {each.name}", (changed(each, "policy", json.dumps(policy)),))


def _rights_of_nodes(stack: Stack) -> Iterator[Mutation]:
    for each in stack.of(kinds.ATTACHMENT):
        roles = stack.named(each, "role", kinds.ROLE)
        if any("ec2.amazonaws.com" in role.props["assumeRolePolicy"] for role in roles):
            wide = with_field(each, "policyArn", FIELDS["nodes-rights"][2])
            assert wide
            yield Mutation(f"{each.name} a policy of nodes", (wide,))


SPECIAL: Special = {
    "identity-buckets": _all_buckets,
    "identity-one-role": _shared_role,
    "identity-web": _open_conditions,
    "nodes-rights": _rights_of_nodes,
    "s3-tls": _without_statement(kinds.BUCKET_POLICY, "aws:SecureTransport"),
    "s3-wrong-key": _without_statement(kinds.BUCKET_POLICY, "aws-kms-key-id"),
}
"""How rules about policy documents and about two resources are broken."""
