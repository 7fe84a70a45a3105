"""The annotation `pulumi.com/waitFor`: the program's own rule in place of the kind's.

One expression, or a JSON list of expressions that must all hold: `condition=Ready`,
`condition=Synced=False`, `jsonpath={.status.phase}=Running`, or `jsonpath={.status.address}`,
which holds as soon as the field exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from mlops_local.kubernetes_plugin.errors import PluginError
from mlops_local.kubernetes_plugin.readiness.annotations import WAIT_FOR
from mlops_local.kubernetes_plugin.readiness.fields import Object, annotations_of, status_of
from mlops_local.kubernetes_plugin.readiness.jsonpath import compiled, select
from mlops_local.kubernetes_plugin.readiness.states import READY, State, Waiting

HELP = "use condition=<Type>[=<Status>], jsonpath={.path}[=<value>], or a JSON list of these"
Rule = Callable[[Object], State]


def own_rule(obj: Object) -> Rule | None:
    """The rule of the object's annotation; None without one.

    Raises:
        PluginError: an expression cannot be read; the text says which and what is allowed.
    """
    given = annotations_of(obj).get(WAIT_FOR)
    if not given:
        return None
    rules = [_parsed(text) for text in _expressions(given)]
    return lambda live: next((state for rule in rules if (state := rule(live)) != READY), READY)


def _expressions(given: str) -> list[str]:
    try:
        listed = json.loads(given)
    except ValueError:
        return [given]
    if not isinstance(listed, list) or not listed or not all(isinstance(each, str) for each in listed):
        raise _refused(given, "a JSON value here must be a list of one or more strings")
    return listed


def _parsed(text: str) -> Rule:
    if match := re.fullmatch(r"condition=([^=]+)(?:=([^=]+))?", text):
        return _condition_rule(match[1], match[2] or "True")
    if match := re.fullmatch(r"jsonpath=\{(.*)\}(?:=([^={]+))?", text):
        return _path_rule(text, match[1], match[2])
    raise _refused(text, "it is neither")


def _condition_rule(name: str, wanted: str) -> Rule:
    """As `kubectl wait --for=condition`: case is ignored, and what an older spec earned does not count."""

    def rule(obj: Object) -> State:
        for entry in status_of(obj).get("conditions") or ():
            if str(entry.get("type")).lower() != name.lower():
                continue
            generation = obj["metadata"].get("generation", 0)
            observed = entry.get("observedGeneration", status_of(obj).get("observedGeneration"))
            if observed is not None and observed < generation:
                return Waiting(f"condition {name} is of generation {observed}, not {generation}")
            if str(entry.get("status")).lower() == wanted.lower():
                return READY
            message = f": {entry['message']}" if entry.get("message") else ""
            return Waiting(f"condition {name} is {entry.get('status')}, not {wanted}{message}")
        return Waiting(f"no condition {name} yet")

    return rule


def _path_rule(text: str, path: str, wanted: str | None) -> Rule:
    try:
        steps = compiled(path)
    except ValueError as error:
        raise _refused(text, str(error)) from error

    def rule(obj: Object) -> State:
        found = select(obj, steps)
        if not found:
            return Waiting(f"nothing at {{{path}}} yet")
        if wanted is None or _text(found[0]) == wanted:
            return READY
        return Waiting(f"{{{path}}} is {_text(found[0])}, not {wanted}")

    return rule


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _refused(text: str, why: str) -> PluginError:
    return PluginError(f"{WAIT_FOR}: cannot read {text!r}: {why}; {HELP}")
