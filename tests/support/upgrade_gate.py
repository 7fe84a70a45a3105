"""Whether an upgrade may do what a preview over a recorded state says that it would. Pure.

An upgrade of the code alone may change nothing.  What it changes all the same must be listed, with the
reason, in a file that is reviewed; anything else is refused with the way out.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
}
"""The engine's operations in one word; others go by their own name."""
_LISTED = ("create", "update", "delete", "replace")
_WAYS_OUT = {
    "create": "list it if it is meant to be new",
    "update": "find what changed its inputs, or list it if the change is meant",
    "delete": "register it again, or list it if it is meant to go and its data may",
    "replace": "keep these inputs as they were, or list it if the old one may be deleted",
}


@dataclass(frozen=True, order=True)
class Step:
    """One thing that an engine would do or did; `keys` are the inputs that differ."""

    operation: str
    urn: str
    keys: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """create, update, delete or replace."""
        return KINDS.get(self.operation, self.operation)


@dataclass(frozen=True)
class Expected:
    """A change that was reviewed: any URN that the pattern `urn` fits, no other inputs than `keys`."""

    environment: str
    urn: str
    change: str
    reason: str
    keys: tuple[str, ...] = ()

    def covers(self, environment: str, step: Step) -> bool:
        """True when this is the change that was meant."""
        return (
            fnmatch.fnmatchcase(environment, self.environment)
            and fnmatch.fnmatchcase(step.urn, self.urn)
            and step.kind == self.change
            and (not self.keys or set(step.keys) <= set(self.keys))
        )


class BadExpectation(Exception):
    """An entry of the reviewed file is not complete; the message names it and what it lacks."""


def expectations(document: Any) -> list[Expected]:
    """The entries of the reviewed file.

    Raises:
        BadExpectation: it is not a list, or an entry lacks something or has what it may not.
    """
    if not isinstance(document, list):
        raise BadExpectation("expected_changes.yaml must be a list of changes, [] for none")
    return [_expectation(number, entry) for number, entry in enumerate(document)]


def _expectation(number: int, entry: Any) -> Expected:
    at = f"expected_changes.yaml[{number}]"
    if not isinstance(entry, Mapping):
        raise BadExpectation(f"{at}: must have urn, change and reason")
    unknown = sorted(set(entry) - {"environment", "urn", "change", "keys", "reason"})
    if unknown:
        raise BadExpectation(f"{at}: unknown {unknown}; an entry has environment, urn, change, keys, reason")
    for key in ("urn", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise BadExpectation(f"{at}.{key}: must be a text")
    if entry.get("change") not in _LISTED:
        raise BadExpectation(f"{at}.change: {entry.get('change')!r} is not one of {', '.join(_LISTED)}")
    keys = entry.get("keys", [])
    if not isinstance(keys, list) or (entry["change"] == "update" and not keys):
        raise BadExpectation(f"{at}.keys: an update lists the inputs that may differ")
    environment = str(entry.get("environment", "*"))
    return Expected(environment, entry["urn"], entry["change"], entry["reason"], tuple(keys))


def refusals(environment: str, steps: Sequence[Step], expected: Iterable[Expected] = ()) -> list[str]:
    """One text for each change that nobody listed, sorted; none means that the upgrade may go on."""
    listed = list(expected)
    left = [step for step in steps if not any(entry.covers(environment, step) for entry in listed)]
    # A replacement takes the engine three steps, of which one says which inputs differ.
    most = {(step.kind, step.urn): step for step in sorted(left, key=lambda step: len(step.keys))}
    return sorted(_text(environment, step, left) for step in most.values())


def unused(environments: Mapping[str, Sequence[Step]], expected: Iterable[Expected]) -> list[str]:
    """The entries that fit no change of any environment: they would hide the next one."""
    return [
        f"expected_changes.yaml: {entry.change} {entry.urn} fits no change; delete the entry"
        for entry in expected
        if not any(entry.covers(name, step) for name, steps in environments.items() for step in steps)
    ]


def _text(environment: str, step: Step, steps: Sequence[Step]) -> str:
    keys = f" ({', '.join(step.keys)})" if step.keys else ""
    advice = _alias(step, steps) or _WAYS_OUT.get(step.kind, "find out why")
    return f"{environment}: {step.kind} {step.urn}{keys}: {advice}"


def _alias(step: Step, steps: Sequence[Step]) -> str | None:
    """The alias that makes a new resource the old one, where a preview has one of each that fit."""
    if step.operation not in ("create", "delete"):
        return None
    other = "delete" if step.operation == "create" else "create"
    candidates = [each for each in steps if each.operation == other]
    for difference in (_renamed, _retyped, _moved):
        pairs = [(c, d) for c in candidates if (d := difference(*_old_and_new(step, c)))]
        if len(pairs) == 1:
            partner, alias = pairs[0]
            if step.operation == "delete":
                return f"it comes back as {partner.urn}, which needs aliases=[{alias}]"
            return (
                f"it is {partner.urn} under another URN; give it aliases=[{alias}] in its ResourceOptions,"
                " or the old one is deleted"
            )
    return None


def _old_and_new(step: Step, other: Step) -> tuple[str, str]:
    return (step.urn, other.urn) if step.operation == "delete" else (other.urn, step.urn)


def _renamed(old: str, new: str) -> str | None:
    (_, old_types, old_name), (_, new_types, new_name) = _parts(old), _parts(new)
    return f'pulumi.Alias(name="{old_name}")' if old_types == new_types and old_name != new_name else None


def _retyped(old: str, new: str) -> str | None:
    (_, old_types, old_name), (_, new_types, new_name) = _parts(old), _parts(new)
    if old_name != new_name or old_types[:-1] != new_types[:-1]:
        return None
    return f'pulumi.Alias(type_="{old_types[-1]}")'


def _moved(old: str, new: str) -> str | None:
    (_, old_types, old_name), (_, new_types, new_name) = _parts(old), _parts(new)
    if old_types[-1] != new_types[-1] or old_name != new_name:
        return None
    if len(old_types) == 1:
        return "pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)"
    return f'pulumi.Alias(parent="<URN of the {old_types[-2]} it was a child of>")'


def _parts(urn: str) -> tuple[str, list[str], str]:
    stack, _, rest = urn.removeprefix("urn:pulumi:").partition("::")
    _, types, name = rest.split("::", 2)
    return stack, types.split("$"), name
