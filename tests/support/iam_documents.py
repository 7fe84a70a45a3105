"""Every IAM policy document in a recorded program, and what the policy linter finds in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import policy_linter
from mlops_stacks.recording import SECRET_MARK, UNKNOWN_MARK, Document, Resource

KEYS = frozenset({"assumeRolePolicy", "policy", "policyDocument", "accessPolicy", "repositoryPolicy"})
"""Inputs that hold a policy and nothing else, of the types in which they do."""
_OTHER_POLICIES = ("aws:ecr/lifecyclePolicy:", "aws:cloudwatch/logDataProtectionPolicy:")
"""Types whose `policy` is none of IAM's."""
_OF_ITSELF = ("aws:kms/key:", "aws:kms/keyPolicy:", "aws:ecr/repositoryPolicy:", "aws:ecr/registryPolicy:")
"""Types in whose policies the resource `*`, or none at all, is the resource itself, as in a role's trust."""
_ITSELF = (
    "RESOURCE_STAR",
    "RESOURCE_MISMATCH",
    "MALFORMED Statement contains neither Resource nor NotResource",
)


@dataclass(frozen=True)
class Policy:
    """One policy document in one input."""

    resource: Resource
    path: str
    text: str

    @property
    def statements(self) -> list[dict[str, Any]]:
        """Its statements, always as a list."""
        statements = json.loads(self.text)["Statement"]
        return statements if isinstance(statements, list) else [statements]


def policies(document: Document) -> list[Policy]:
    """Every text in the inputs of AWS resources that is a policy document, wherever it stands."""
    return [
        Policy(resource, path, value)
        for resource in document.resources
        if resource.type.startswith("aws:")
        for path, value in _texts(resource.inputs, "")
        if _is_policy(value)
    ]


def policy_findings(document: Document, accepted: Mapping[str, str] | None = None) -> list[str]:
    """One line for each fault that the linter finds, and for each policy that cannot be read.

    Args:
        document: of an update to which `aws_answers` answered, in which every policy is known.
        accepted: why a finding is none, by a text in its line; one that is in no line is a fault too.
    """
    accepted = accepted or {}
    lines = [*_unreadable(document)]
    for policy in policies(document):
        place = f"{policy.resource.name} ({policy.resource.type}) {policy.path}"
        itself = policy.resource.type.startswith(_OF_ITSELF) or policy.path == "assumeRolePolicy"
        lines += [f"{place}: {line}" for line in _wide(policy, itself)]
        lines += [
            f"{place}: {line}"
            for line in policy_linter.details(policy.text)
            if not (itself and line.startswith(_ITSELF))
        ]
    unused = [text for text in accepted if not any(text in line for line in lines)]
    # Of a pattern of actions the linter says the same for each action.
    lines = list(dict.fromkeys(lines))
    return [
        *(line for line in lines if not any(text in line for text in accepted)),
        *(f"accepted, and not found: {text}" for text in unused),
    ]


def _unreadable(document: Document) -> Iterator[str]:
    for resource in document.resources:
        if resource.type.startswith("aws:") and not resource.type.startswith(_OTHER_POLICIES):
            for key in sorted(KEYS & resource.inputs.keys()):
                value = resource.inputs[key]
                if value in (UNKNOWN_MARK, SECRET_MARK) or not _is_policy(value):
                    yield f"{resource.name} ({resource.type}) {key}: is no policy document that can be read"


def _wide(policy: Policy, itself: bool) -> Iterator[str]:
    """What allows more than anybody can oversee, of which the linter says nothing."""
    for statement in policy.statements:
        if statement.get("Effect") != "Allow":
            continue
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            if action == "*" or (action.endswith(":*") and not itself):
                yield f"WIDE_ACTION allows {action}"
        if "NotAction" in statement or "NotResource" in statement or "NotPrincipal" in statement:
            yield "WIDE_NOT allows all but what it names"
        principal = statement.get("Principal")
        if principal in ("*", {"AWS": "*"}) and not statement.get("Condition"):
            yield "WIDE_PRINCIPAL allows everybody"


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}[{number}]")


def _is_policy(value: Any) -> bool:
    if not isinstance(value, str) or '"Statement"' not in value:
        return False
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError:
        return False
    return isinstance(parsed, dict) and "Statement" in parsed
