"""ValidatingAdmissionPolicy objects that say what rules say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlops_policy.admission.kinds import KINDS, LISTS, ONES, POD, VARIABLES, Kind, judged_kinds
from mlops_policy.cel import Cel, literal
from mlops_policy.resources import is_of
from mlops_policy.rules import ProductionConfig, Rule, RuleConfig

Document = dict[str, Any]
KUBERNETES = "kubernetes:"


def policies(rules: Iterable[Rule]) -> list[Document]:
    """The spec of a policy for every kind that rules are about, `{"name", "spec"}` each.

    Each rule is one of its validations, and its name the beginning of that one's message.
    """
    said = [rule for rule in rules if not why_not(rule)]
    found = ((kind, [rule for rule in said if is_of(kind.token, rule.kinds)]) for kind in KINDS)
    return [{"name": kind.name, "spec": _spec(kind, rules)} for kind, rules in found if rules]


def unsaid(rules: Iterable[Rule]) -> dict[str, str]:
    """Why the API server cannot judge a rule about objects of Kubernetes, by the rule's name."""
    found = {rule.name: why_not(rule) for rule in rules if rule.kinds[0].startswith(KUBERNETES)}
    return {name: why for name, why in found.items() if why}


def why_not(rule: Rule) -> str:
    """Why the API server cannot judge a rule; "" where it can."""
    if not rule.kinds[0].startswith(KUBERNETES):
        return "it is not about objects of Kubernetes"
    if rule.across:
        return "it looks at other objects too, and the API server judges one at a time"
    if issubclass(rule.config, ProductionConfig):
        return "it holds in production alone, and a cluster does not know whether it is that"
    if rule.config is not RuleConfig:
        return "it has a configuration, which the cluster does not have"
    if not judged_kinds(rule.kinds):
        return "it is about objects that are in no namespace, or of kinds that not every cluster has"
    if rule.cel is None or not (rule.parts in LISTS or rule.parts in ONES):
        return "what it asks is more than the state of a field"
    return ""


def _spec(kind: Kind, rules: list[Rule]) -> Document:
    resources = {
        "apiGroups": [kind.group],
        "apiVersions": [kind.version],
        "resources": list(kind.resources),
        "operations": ["CREATE", "UPDATE"],
    }
    spec: Document = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [resources]},
        "validations": [_validation(rule, rule.cel) for rule in rules if rule.cel],
    }
    if kind.judged:
        old = kind.judged.replace("object", "oldObject", 1)
        changed = f"request.operation == 'CREATE' || {kind.judged} != {old}"
        spec["matchConditions"] = [{"name": "changed", "expression": changed}]
    if variables := _variables(kind, spec["validations"]):
        spec["variables"] = variables
    return spec


def _variables(kind: Kind, validations: list[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Those that validations use, each after those that it uses itself."""
    text = "".join(each["expression"] for each in validations)
    used = {name: value for name, value in VARIABLES.items() if f"variables.{name}" in text}
    if POD in text or used:
        used = {"pod": f"{kind.template}.spec"} | used
    return [{"name": name, "expression": value} for name, value in used.items()]


def _validation(rule: Rule, cel: Cel) -> Document:
    message = f"{rule.name}: {rule.says} {rule.remedy}"
    if rule.parts in ONES:
        return {"expression": cel(ONES[rule.parts]), "message": message}
    expression, items = cel("part"), f"variables.{LISTS[rule.parts]}"
    named = f"{items}.filter(part, !({expression})).map(part, part.name).join(', ')"
    return {
        "expression": f"{items}.all(part, {expression})",
        "message": message,
        "messageExpression": f"{literal(message + ' Container: ')} + {named}",
    }
