"""Whether IAM documents allow a request: explicit deny wins, then each layer must allow.

Evaluates what the documents of this project use, by the rules of the IAM User Guide ("Policy evaluation
logic", "IAM JSON policy elements: Condition operators").  An operator that it does not know is an error, so
that no test passes on a condition that was never looked at.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Context = Mapping[str, "str | Sequence[str]"]
Document = "str | Mapping[str, Any]"


def allows(
    documents: Any,
    action: str,
    resource: str,
    *,
    boundary: Any = None,
    resource_policy: Any = None,
    principal: str = "",
    **context: str | Sequence[str],
) -> bool:
    """True if a principal with the identity policies `documents` may do `action` on `resource`.

    `documents`, `boundary` and `resource_policy` are a document, as JSON or parsed, or several of them.
    `context` is by condition key (`**{"aws:RequestedRegion": "eu-central-1"}`). `principal` is the ARN or the
    service that a resource policy may name. Within one account, an allow of the resource policy is enough
    in place of one of the identity policies; a boundary must allow in either case.
    """
    request = (action, resource, context)
    identity, bounds, shared = (_statements(each) for each in (documents, boundary, resource_policy))
    named = [each for each in shared if _names(each, principal)]
    if any(each["Effect"] == "Deny" and _applies(each, *request) for each in [*identity, *bounds, *named]):
        return False
    if boundary is not None and not _any_allows(bounds, *request):
        return False
    return _any_allows([*identity, *named], *request)


def trusts(document: Any, principal: str, action: str = "sts:AssumeRole", **context: str) -> bool:
    """True if a role's trust policy lets `principal` (a service, ARN or provider) do `action`."""
    named = [{"Resource": "*", **each} for each in _statements(document) if _names(each, principal)]
    denied = any(each["Effect"] == "Deny" and _applies(each, action, "", context) for each in named)
    return not denied and _any_allows(named, action, "", context)


def _any_allows(
    statements: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context
) -> bool:
    return any(each["Effect"] == "Allow" and _applies(each, action, resource, context) for each in statements)


def _statements(documents: Any) -> list[Mapping[str, Any]]:
    if documents is None:
        return []
    if isinstance(documents, str):
        documents = json.loads(documents)
    if isinstance(documents, Mapping):
        found = documents["Statement"]
        return [found] if isinstance(found, Mapping) else list(found)
    return [statement for document in documents for statement in _statements(document)]


def _names(statement: Mapping[str, Any], principal: str) -> bool:
    named = statement.get("Principal", {})
    if named == "*":
        return True
    return any(
        value == "*"
        or value == principal
        or (value.endswith(":root") and _account(value) == _account(principal))
        for values in named.values()
        for value in _listed(values)
    )


def _account(arn: str) -> str:
    return arn.split(":")[4] if arn.count(":") >= 5 else arn


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    if "NotAction" in statement:
        acts = not _any_like(action.lower(), [each.lower() for each in _listed(statement["NotAction"])])
    else:
        acts = _any_like(action.lower(), [each.lower() for each in _listed(statement["Action"])])
    if "NotResource" in statement:
        meant = not _any_like(resource, _filled(statement["NotResource"], context))
    else:
        meant = _any_like(resource, _filled(statement["Resource"], context))
    return acts and meant and _holds(statement.get("Condition", {}), context)


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    known = {key.lower(): value for key, value in context.items()}
    return all(
        _condition(operator, _filled(wanted, context), known.get(key.lower()))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition(operator: str, wanted: Sequence[str], given: str | Sequence[str] | None) -> bool:
    if operator == "Null":
        return (given is None) == (wanted[0] == "true")
    quantifier, _, plain = operator.rpartition(":")
    optional = plain.endswith("IfExists")
    name = plain.removesuffix("IfExists")
    negated = "Not" in name
    if name not in _OPERATORS:
        raise NotImplementedError(f"condition operator {operator}")
    if given is None:
        return optional or negated or quantifier == "ForAllValues"
    matched = [any(_OPERATORS[name](value, each) for each in wanted) for value in _listed(given)]
    if quantifier == "ForAllValues":
        return all(one is not negated for one in matched)
    if negated:
        return not any(matched)
    return any(matched)


def _like(value: str, pattern: str) -> bool:
    return (
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL)
        is not None
    )


def _arn_like(value: str, pattern: str) -> bool:
    values, patterns = value.split(":", 5), pattern.split(":", 5)
    return len(values) == len(patterns) and all(map(_like, values, patterns))


def _in_network(value: str, network: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network)


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _equal_but_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringNotEquals": _equal,
    "StringEqualsIgnoreCase": _equal_but_case,
    "StringLike": _like,
    "StringNotLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "ArnNotEquals": _arn_like,
    "ArnNotLike": _arn_like,
    "Bool": _equal_but_case,
    "IpAddress": _in_network,
    "NotIpAddress": _in_network,
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}


def _any_like(value: str, patterns: Iterable[str]) -> bool:
    return any(_like(value, pattern) for pattern in patterns)


def _filled(values: Any, context: Context) -> list[str]:
    """The values with policy variables (`${aws:PrincipalTag/team}`) replaced; unknown ones match nothing."""

    def known(found: re.Match[str]) -> str:
        value = context.get(found[1], "\0")
        return value if isinstance(value, str) else "\0"

    return [re.sub(r"\$\{([^}]+)\}", known, each) for each in _listed(values)]


def _listed(values: Any) -> list[str]:
    return [values] if isinstance(values, str) else list(values)
