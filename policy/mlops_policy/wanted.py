"""What a field must be, with the words for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_policy import cel
from mlops_policy.views import MISSING, UNKNOWN


@dataclass(frozen=True)
class Wanted:
    """A condition on a known value (MISSING for none), and how it reads after "must be".

    `unknown` says that a value which is not known yet meets it, because there will be one; `cel` is the same
    condition on a value that is there in the language of the API server, where that can say it.
    """

    says: str
    holds: Callable[[Any], bool]
    unknown: bool = False
    cel: cel.Test | None = None


def equal(value: Any) -> Wanted:
    """This value alone."""
    return Wanted(
        repr(value),
        lambda found: bool(found == value) and isinstance(found, bool) == isinstance(value, bool),
        cel=cel.equal(value),
    )


def one_of(values: Iterable[Any]) -> Wanted:
    """One of these."""
    allowed = tuple(values)
    return Wanted(
        f"one of {', '.join(map(str, allowed))}", lambda found: found in allowed, cel=cel.one_of(allowed)
    )


def at_least(least: int) -> Wanted:
    """A number of this size."""

    def holds(found: Any) -> bool:
        return isinstance(found, int | float) and not isinstance(found, bool) and found >= least

    return Wanted(f"{least} or more", holds, cel=cel.at_least(least))


def has(wanted: Iterable[str]) -> Wanted:
    """A list with all of these in it."""
    needed = frozenset(wanted)
    return Wanted(
        f"a list with {', '.join(sorted(needed))}",
        lambda found: isinstance(found, list | tuple) and needed <= {str(item) for item in found},
        cel=cel.has(sorted(needed)),
    )


def without(banned: Iterable[str]) -> Wanted:
    """A list, or a text, with none of these; nothing at all is fine."""
    never = frozenset(banned)

    return Wanted(
        f"without {', '.join(sorted(never))}",
        lambda found: all_texts(found, lambda item: item not in never),
        cel=cel.without(sorted(never)),
    )


def only(allowed: Iterable[str]) -> Wanted:
    """A list of some of these; nothing at all is fine."""
    fine = frozenset(allowed)

    return Wanted(
        f"without anything but {', '.join(sorted(fine))}",
        lambda found: all_texts(found, lambda item: item in fine),
        cel=cel.only(sorted(fine)),
    )


def all_texts(found: Any, holds: Callable[[str], bool]) -> bool:
    """Whether a list has texts alone, or a value is one, of which something holds; nothing is fine."""
    items = [] if found is MISSING else found if isinstance(found, list | tuple) else [found]
    return all(isinstance(item, str) and holds(item) for item in items)


def like(pattern: str, says: str) -> Wanted:
    """A text of which all matches a regular expression."""
    whole = re.compile(pattern)
    return Wanted(
        says,
        lambda found: isinstance(found, str) and whole.fullmatch(found) is not None,
        cel=cel.like(pattern),
    )


def optional(wanted: Wanted) -> Wanted:
    """Absent, or as wanted."""
    return Wanted(
        f"absent or {wanted.says}",
        lambda found: found is MISSING or wanted.holds(found),
        wanted.unknown,
        wanted.cel,
    )


YES = Wanted("true", lambda found: found is True or found == "true", cel=cel.yes)
"""True, or the text that some providers take for it."""
NO = Wanted("false", lambda found: found is False or found == "false", cel=cel.no)
"""False, and said so."""
NOT_YES = Wanted("false or absent", lambda found: found is MISSING or NO.holds(found), cel=cel.no)
"""False, or not said."""
GIVEN = Wanted(
    "given",
    lambda found: found is not MISSING and found not in ("", [], {}),
    unknown=True,
    cel=cel.given,
)
"""Anything but nothing."""
FILLED = Wanted(
    "a list with something in it", lambda found: _filled(found, (list, tuple)), unknown=True, cel=cel.filled
)
"""A list that is not empty."""
SECTION = Wanted("a section with keys", lambda found: _filled(found, Mapping), unknown=True, cel=cel.filled)
"""A mapping that is not empty."""
TEXT = Wanted(
    "given, as a text",
    lambda found: found is UNKNOWN or (isinstance(found, str) and found != ""),
    unknown=True,
)
"""A text with something in it, such as a name or an ARN."""
ABSENT = Wanted("absent", lambda found: not GIVEN.holds(found), cel=cel.absent)
"""Nothing."""


def _filled(found: Any, kind: Any) -> bool:
    return found is UNKNOWN or (isinstance(found, kind) and bool(found))
