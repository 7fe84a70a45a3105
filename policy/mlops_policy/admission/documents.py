"""ValidatingAdmissionPolicy objects that say what rules say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlops_policy.admission.kinds import FAMILIES, LISTS, ONES, Family, judged_kinds
from mlops_policy.cel import POD, Cel, literal
from mlops_policy.rules import ProductionConfig, Rule, RuleConfig

Document = dict[str, Any]
KUBERNETES = "kubernetes:"


def policies(rules: Iterable[Rule]) -> list[Document]:
    """The spec of a policy for every family of kinds that rules are about, `{"name", "spec"}` each.

    Each rule is one of its validations, and its name the beginning of that one's message.
    """
    said = [rule for rule in rules if not why_not(rule)]
    found = ((family, [rule for rule in said if judged_kinds(family, rule)]) for family in FAMILIES)
    return [{"name": family.name, "spec": _spec(family, rules)} for family, rules in found if rules]


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
    if not any(judged_kinds(family, rule) for family in FAMILIES):
        return "it is about objects that are in no namespace, or of kinds that not every cluster has"
    if rule.cel is None or not (rule.parts in LISTS or rule.parts in ONES):
        return "what it asks is more than the state of a field"
    return ""


def _spec(family: Family, rules: list[Rule]) -> Document:
    resources = [
        {
            "apiGroups": [kind.group],
            "apiVersions": [kind.version],
            "resources": list(kind.resources),
            "operations": ["CREATE", "UPDATE"],
        }
        for kind in family.kinds
    ]
    spec: Document = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": resources},
        "validations": [_validation(family, rule, rule.cel) for rule in rules if rule.cel],
    }
    if family.judged:
        old = family.judged.replace("object", "oldObject", 1)
        changed = f"request.operation == 'CREATE' || {family.judged} != {old}"
        spec["matchConditions"] = [{"name": "changed", "expression": changed}]
    if variables := _variables(family, rules):
        spec["variables"] = [{"name": name, "expression": value} for name, value in variables.items()]
    return spec


def _variables(family: Family, rules: list[Rule]) -> dict[str, str]:
    """What validations refer to, each after what it refers to itself."""
    pod = {POD.removeprefix("variables."): f"{family.template}.spec"} if family.template else {}
    lists = [LISTS[rule.parts] for rule in rules if rule.parts in LISTS]
    return pod | {each.variable: each.value for each in lists}


def _validation(family: Family, rule: Rule, cel: Cel) -> Document:
    message = f"{rule.name}: {rule.says} {rule.remedy}"
    if rule.parts in ONES:
        asked = _of_its_kinds(family, rule, cel(ONES[rule.parts]))
        return {"expression": asked, "message": message, "reason": "Forbidden"}
    listed, expression = LISTS[rule.parts], cel("part")
    items = f"variables.{listed.variable}"
    asked = _of_its_kinds(family, rule, f"{items}.all(part, {expression})")
    made = {"expression": asked, "message": message, "reason": "Forbidden"}
    if listed.each:
        named = f"{items}.filter(part, !({expression})).map(part, part.name).join(', ')"
        made["messageExpression"] = f"{literal(f'{message} {listed.each}: ')} + {named}"
    return made


def _of_its_kinds(family: Family, rule: Rule, expression: str) -> str:
    """The expression, asked of those kinds of a family alone that the rule is about."""
    judged = judged_kinds(family, rule)
    others = [kind.name for kind in family.kinds if kind not in judged]
    return f"object.kind in {literal(others)} || {expression}" if others else expression
