"""What rules ask of a value, in the expression language of Kubernetes (CEL). Pure.

Values are reached by optional selection, so that what is not there is no error but a value to judge.
Language: https://kubernetes.io/docs/reference/using-api/cel/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Test = Callable[[str], str]
"""From an expression that may have a value to one that is true where the value is as wanted."""
Cel = Callable[[str], str]
"""From the name of a part of an object to an expression that is true where a rule holds of it."""
EACH = "[]"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)


def literal(value: Any) -> str:
    """A text, truth value, number or list of these as CEL writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        return f"'{escaped}'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return str(value)


def at(value: str, keys: Iterable[str]) -> str:
    """What stands at keys of a value, if anything."""
    taken = [
        f".?{key}" if _PLAIN.fullmatch(key) and key not in _RESERVED else f"[?{literal(key)}]" for key in keys
    ]
    return value + "".join(taken) if taken else f"optional.of({value})"


def every(part: str, path: str, test: Test, absent: bool) -> str:
    """Every place that `View.places` finds from a part on passes a test.

    Args:
        absent: what the test says of nothing.
    """
    return _every(part, tuple(_steps(path)), test, absent, 0)


def _every(value: str, steps: Sequence[str], test: Test, absent: bool, depth: int) -> str:
    if EACH not in steps:
        return test(at(value, steps))
    first = steps.index(EACH)
    items = f"{at(value, steps[:first])}.orValue([])"
    item = f"item{depth or ''}"
    each = f"{items}.all({item}, {_every(item, steps[first + 1 :], test, absent, depth + 1)})"
    return each if absent else f"size({items}) > 0 && {each}"


def _steps(path: str) -> Iterable[str]:
    for key in path.split(".") if path else ():
        yield key.removesuffix(EACH)
        if key.endswith(EACH):
            yield EACH


def yes(value: str) -> str:
    """True."""
    return f"{value}.orValue(false) == true"


def no(value: str) -> str:
    """False, and said so."""
    return f"{value}.orValue(true) == false"


def not_yes(value: str) -> str:
    """Anything but true."""
    return f"{value}.orValue(false) != true"


def given(value: str) -> str:
    """Something that is not empty."""
    return " && ".join(f"dyn({value}.orValue('')) != {empty}" for empty in ("''", "[]", "{}"))


def absent(value: str) -> str:
    """Nothing, or something empty."""
    return f"!({given(value)})"


def equal(wanted: Any) -> Test:
    """This value alone."""
    return lambda value: f"{value} == optional.of({literal(wanted)})"


def one_of(allowed: Sequence[Any]) -> Test:
    """One of these values of one type."""
    return lambda value: f"{value}.hasValue() && {value}.value() in {literal(allowed)}"


def at_least(least: int) -> Test:
    """A number of this size."""
    return lambda value: f"{value}.hasValue() && {value}.value() >= {least}"


def has(needed: Sequence[str]) -> Test:
    """A list with all of these in it."""
    return lambda value: f"{literal(needed)}.all(each, each in {value}.orValue([]))"


def without(banned: Sequence[str]) -> Test:
    """A list, or a text, with none of these."""

    def test(value: str) -> str:
        found = f"dyn({value}.orValue([]))"
        never = literal(banned)
        return f"(type({found}) == list ? !{found}.exists(each, each in {never}) : !({found} in {never}))"

    return test


def only(allowed: Sequence[str]) -> Test:
    """A list with nothing but these in it."""
    return lambda value: f"{value}.orValue([]).all(each, each in {literal(allowed)})"


def like(pattern: str) -> Test:
    """A text of which all matches a regular expression."""
    return lambda value: f"{value}.hasValue() && {value}.value().matches({literal(f'^(?:{pattern})$')})"


def optional(test: Test | None) -> Test | None:
    """Absent, or as another test wants it."""
    return test and (lambda value: f"(!{value}.hasValue() || {test(value)})")
