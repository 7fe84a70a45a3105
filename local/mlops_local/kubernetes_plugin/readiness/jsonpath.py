"""The part of JSONPath that readiness needs: fields, indexes, `*` and equality filters.

Grammar: https://www.rfc-editor.org/rfc/rfc9535, within kubectl's braces; slices, descent (`..`)
and functions are refused. Used by `wait_for` only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Step = Callable[[Any], Iterator[Any]]

TOKEN = re.compile(
    r"""\.(?P<word>(?:\\.|[^.\[\]\s'"()?@=*])+)
      | (?P<star>\.\*|\[\*\])
      | \[(?P<index>-?\d+)\]
      | \[(?P<quoted>'[^']*'|"[^"]*")\]
      | \[\?\s*\(?\s*@(?P<field>(?:\.(?:\\.|[^.\[\]\s'"()?@=!*])+)+)\s*(?P<operator>==|!=)
           \s*(?P<literal>'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null)\s*\)?\s*\]""",
    re.VERBOSE,
)


def compiled(path: str) -> list[Step]:
    """The steps of `.status.conditions[?(@.type=="Ready")].status`, with or without a leading `$`.

    Raises:
        ValueError: the path is empty or uses more than this module knows; the text says where.
    """
    text = path.strip().removeprefix("$")
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text[position:]!r}")
        steps.append(_step(match))
        position = match.end()
    if not steps:
        raise ValueError("the path is empty")
    return steps


def select(value: Any, steps: list[Step]) -> list[Any]:
    """Every value that the steps lead to, in order."""
    found = [value]
    for step in steps:
        found = [result for each in found for result in step(each)]
    return found


def _step(match: re.Match[str]) -> Step:
    if match["word"] is not None:
        return _member(_unescaped(match["word"]))
    if match["quoted"] is not None:
        return _member(match["quoted"][1:-1])
    if match["index"] is not None:
        return _element(int(match["index"]))
    if match["star"] is not None:
        return _children
    names = [_unescaped(name) for name in re.findall(r"\.((?:\\.|[^.])+)", match["field"])]
    literal = match["literal"]
    wanted = literal[1:-1] if literal[0] in "'\"" else json.loads(literal)
    return _filter(names, wanted, equal=match["operator"] == "==")


def _unescaped(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word)


def _member(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _element(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _filter(names: list[str], wanted: Any, *, equal: bool) -> Step:
    members = [_member(name) for name in names]

    def step(value: Any) -> Iterator[Any]:
        for child in _children(value):
            if ([wanted] == select(child, members)) is equal:
                yield child

    return step
