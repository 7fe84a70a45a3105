"""What a field must be, with the words for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mlops_policy.views import MISSING


@dataclass(frozen=True)
class Wanted:
    """A condition on a known value (MISSING for none), and how it reads after "must be".

    `unknown` says that a value which is not known yet meets it, because there will be one. `remedy` is what
    to do about a field that is not so, with `{path}` in the place of the field.
    """

    says: str
    holds: Callable[[Any], bool]
    unknown: bool = False
    remedy: str = ""

    def mend(self, path: str) -> str:
        """What to do about the field at a path."""
        return (self.remedy or f"Set {{path}} to {self.says}.").format(path=path)


def equal(value: Any) -> Wanted:
    """This value alone."""
    return Wanted(
        repr(value), lambda found: bool(found == value) and isinstance(found, bool) == isinstance(value, bool)
    )


def one_of(values: Iterable[Any]) -> Wanted:
    """One of these."""
    allowed = tuple(values)
    return Wanted(f"one of {', '.join(map(str, allowed))}", lambda found: found in allowed)


def at_least(least: int) -> Wanted:
    """A number of this size."""

    def holds(found: Any) -> bool:
        return isinstance(found, int | float) and not isinstance(found, bool) and found >= least

    return Wanted(f"{least} or more", holds)


def has(wanted: Iterable[str]) -> Wanted:
    """A list with all of these in it."""
    needed = frozenset(wanted)
    return Wanted(
        f"a list with {', '.join(sorted(needed))}",
        lambda found: isinstance(found, list | tuple) and needed <= {str(item) for item in found},
    )


def without(banned: Iterable[str]) -> Wanted:
    """A list, or a text, with none of these; nothing at all is fine."""
    never = frozenset(banned)

    def holds(found: Any) -> bool:
        items = [] if found is MISSING else found if isinstance(found, list | tuple) else [found]
        return all(isinstance(item, str) and item not in never for item in items)

    names = ", ".join(sorted(never))
    return Wanted(f"without {names}", holds, remedy=f"Take {names} out of {{path}}.")


YES = Wanted("true", lambda found: found is True or found == "true")
"""True, or the text that some providers take for it."""
NO = Wanted("false", lambda found: found is False or found == "false")
"""False, and said so."""
NOT_YES = Wanted(
    "false or absent", lambda found: found is MISSING or NO.holds(found), remedy="Leave out {path}."
)
"""False, or not said."""
GIVEN = Wanted(
    "given",
    lambda found: found is not MISSING and found not in ("", [], {}),
    unknown=True,
    remedy="Give {path} a value.",
)
"""Anything but nothing."""
TEXT = Wanted(
    "given, as a text",
    lambda found: isinstance(found, str) and found != "",
    unknown=True,
    remedy="Give {path} a value.",
)
"""A text with something in it, such as a name or an ARN."""
ABSENT = Wanted("absent", lambda found: not GIVEN.holds(found), remedy="Leave out {path}.")
"""Nothing."""
