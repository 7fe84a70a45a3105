"""Objects by which the API server judges what is made in some namespaces. Pure.

`admission_policies.json` is generated from the rules of the policy pack: see docs/policies-admission.md.
"""

import functools
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.manifests import Object

DENY, WARN = "deny", "warn"
ACTIONS = {DENY: ["Deny"], WARN: ["Warn", "Audit"]}
"""What is done about an object that breaks a rule; refusals are in the audit log without being asked for."""
_OF_THE_CLUSTER = "kube-"


@functools.cache
def _generated() -> tuple[Object, ...]:
    return tuple(json.loads(files("pulumi_mlops").joinpath("admission_policies.json").read_text()))


def rule_names() -> list[str]:
    """Every rule that the API server can judge, sorted."""
    return sorted({_rule(each) for policy in _generated() for each in policy["spec"]["validations"]})


def rule_name(value: str) -> str:
    """The name of one of these rules."""
    if value not in rule_names():
        raise InvalidValue(f"{value!r} is no rule of the API server; allowed are {', '.join(rule_names())}")
    return value


def watched_namespace(value: str) -> str:
    """The name of a namespace, not one of the cluster's own."""
    if not value or value.startswith(_OF_THE_CLUSTER):
        raise InvalidValue(
            f"{value!r} is no namespace to watch: a refused pod of the cluster itself would stop it; name "
            "namespaces of your own"
        )
    return value


def policies(leave_out: Sequence[str]) -> list[Object]:
    """Name and spec of each policy, without the rules that are left out."""
    found = []
    for policy in _generated():
        asked = [each for each in policy["spec"]["validations"] if _rule(each) not in leave_out]
        if asked:
            found.append({"name": policy["name"], "spec": {**policy["spec"], "validations": asked}})
    return found


def binding(policy: str, mode: str, namespaces: Sequence[Any]) -> Object:
    """The spec that applies a policy in namespaces, by their names: a label anyone may take away."""
    where = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)}
    return {
        "policyName": policy,
        "validationActions": ACTIONS[mode],
        "matchResources": {"namespaceSelector": {"matchExpressions": [where]}},
    }


def _rule(validation: Object) -> str:
    return str(validation["message"]).split(":")[0]
