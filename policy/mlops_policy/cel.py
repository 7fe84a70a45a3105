"""What rules ask of a value, in the expression language of Kubernetes (CEL). Pure.

Values are reached by optional selection, so that what is not there is no error but a value to judge.
Language: https://kubernetes.io/docs/reference/using-api/cel/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mlops_policy.views import EACH, steps

Test = Callable[[str], str]
"""From a value's name to an expression that is true where the value, which is there, is as wanted."""
Cel = Callable[[str], str]
"""From the name of a part of an object to an expression that is true where a rule holds of it."""
POD = "variables.pod"
"""The specification of the pod, in expressions about objects that have one."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"}
)
_RESERVED |= {"in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}


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


def at(value: str, path: str) -> str:
    """What stands at a path of a value, if anything."""
    return _at(value, steps(path))


def meets(place: str, test: Test, absent: bool) -> str:
    """What `at` has found passes a test, which says `absent` of nothing."""
    return f"{place}.optMap(value, {test('value')}).orValue({literal(absent)})"


def every(part: str, path: str, test: Test, absent: bool) -> str:
    """Every place that `View.places` finds from a part on passes a test, which says `absent` of nothing."""
    return _every(part, steps(path), test, absent, 0)


def _at(value: str, keys: Iterable[str | int]) -> str:
    taken = "".join(_taken(str(key)) for key in keys)
    return value + taken if taken else f"optional.of({value})"


def _taken(key: str) -> str:
    return f".?{key}" if _PLAIN.fullmatch(key) and key not in _RESERVED else f"[?{literal(key)}]"


def _every(value: str, way: Sequence[str | int], test: Test, absent: bool, depth: int) -> str:
    if EACH not in way:
        return meets(_at(value, way), test, absent)
    first = way.index(EACH)
    items, item = f"{_at(value, way[:first])}.orValue([])", f"item{depth or ''}"
    each = f"{items}.all({item}, {_every(item, way[first + 1 :], test, absent, depth + 1)})"
    return each if absent else f"size({items}) > 0 && {each}"


def yes(value: str) -> str:
    """True."""
    return f"{value} == true"


def no(value: str) -> str:
    """False."""
    return f"{value} == false"


def given(value: str) -> str:
    """Something that is not empty."""
    return f"!({absent(value)})"


def filled(value: str) -> str:
    """A list or mapping with something in it."""
    return f"size({value}) > 0"


def absent(value: str) -> str:
    """Something empty."""
    return f"dyn({value}) in [dyn(''), dyn([]), dyn({{}})]"


def equal(wanted: Any) -> Test:
    """This value alone."""
    return lambda value: f"{value} == {literal(wanted)}"


def one_of(allowed: Sequence[Any]) -> Test:
    """One of these values of one type."""
    return lambda value: f"{value} in {literal(allowed)}"


def at_least(least: int) -> Test:
    """A number of this size."""
    return lambda value: f"{value} >= {least}"


def has(needed: Sequence[str]) -> Test:
    """A list with all of these in it."""
    return lambda value: f"{literal(needed)}.all(each, each in {value})"


def without(banned: Sequence[str]) -> Test:
    """A list, or a text, with none of these."""
    never = literal(banned)
    return lambda value: (
        f"type({value}) == list ? !dyn({value}).exists(each, each in {never}) : !({value} in {never})"
    )


def only(allowed: Sequence[str]) -> Test:
    """A list with nothing but these in it."""
    return lambda value: f"{value}.all(each, each in {literal(allowed)})"


def like(pattern: str) -> Test:
    """A text of which all matches a regular expression."""
    return lambda value: f"{value}.matches({literal(f'^(?:{pattern})$')})"
