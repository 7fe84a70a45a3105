"""Who a pod or a pipeline is for AWS, and what it may do to buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policy.aws.documents import statements
from mlops_policy.aws.kinds import ASSOCIATION, ROLE, ROLE_POLICY
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, Severity, Subject
from mlops_policy.views import UNKNOWN, View

ALL_BUCKETS = frozenset({"*", "arn:aws:s3:::*", "arn:aws:s3:::*/*"})
ANYBODY = ("*", ["*"])


def _one_role(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
    own = _role(subject.resource)
    if not own:
        subject.view.at("roleArn").text()
        return
    others = (each for each in stack.of(ASSOCIATION) if each is not subject.resource and _role(each) == own)
    for other in others:
        if _account(other) != _account(subject.resource):
            yield f"roleArn is also the role of {'/'.join(_account(other))}"


def _role(association: Resource) -> str:
    """What tells roles apart: an ARN, or the resource that it comes from while that is not known."""
    arn = association.view.at("roleArn")
    if arn.raw is UNKNOWN:
        return " ".join(association.references.get("roleArn", ()))
    return arn.raw if isinstance(arn.raw, str) else ""


def _account(association: Resource) -> tuple[str, str]:
    view = association.view
    return view.at("namespace").text(), view.at("serviceAccount").text()


def _web(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
    for one in statements(subject.view.at("assumeRolePolicy")):
        if not one.at("Principal").given or isinstance(one.at("Principal").known, str):
            continue
        if one.at("Principal").key("Federated").given:
            missing = sorted({"aud", "sub"} - set(_named(one.at("Condition"))))
            if missing:
                yield f"{one.path} lets in tokens of any {' and any '.join(missing)}"


def _named(conditions: View) -> Iterator[str]:
    for operator in ("StringEquals", "StringLike"):
        for key, value in conditions.key(operator).entries():
            if value.plain() not in ANYBODY:
                yield key.rpartition(":")[2]


def _buckets(subject: Subject, stack: Stack, settings: Any) -> Iterator[str]:
    for one in statements(subject.view.at("policy")):
        allows = one.at("Effect").text() == "Allow"
        if allows and any(action.startswith("s3:") for action in one.at("Action").texts()):
            wide = sorted(ALL_BUCKETS & set(one.at("Resource").texts()))
            if wide:
                yield f"{one.path} gives rights on every bucket: {', '.join(wide)}"


RULES: tuple[Rule, ...] = (
    Rule(
        name="identity-one-role",
        says="No two service accounts share a role.",
        remedy="Give each service account a role of its own, with the rights that it needs.",
        severity=Severity.MEDIUM,
        kinds=(ASSOCIATION,),
        judge=_one_role,
        across=True,
        path="roleArn",
    ),
    Rule(
        name="identity-web",
        says="A role for tokens of an OIDC provider names their audience and their subject.",
        remedy="Add conditions StringEquals on <provider>:aud and <provider>:sub to assumeRolePolicy.",
        severity=Severity.CRITICAL,
        kinds=(ROLE,),
        judge=_web,
        path="assumeRolePolicy",
    ),
    Rule(
        name="identity-buckets",
        says="Rights on objects name buckets: no role reads or writes whatever bucket there is.",
        remedy="Name buckets, and prefixes in them, in the statement's Resource.",
        severity=Severity.HIGH,
        kinds=(ROLE_POLICY,),
        judge=_buckets,
        path="policy",
    ),
)
