"""YAML and JSON as Kubernetes reads them: strictly, with places, and never more than what was written.

PyYAML's own constructor takes three times as long, lets a key stand twice, and follows aliases without end.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

from mlops_policy.errors import BadManifest

DEPTH: Final = 64
"""Levels that a document may have; objects of Kubernetes have some twenty, and their schemas more."""
REPEATED: Final = 100_000
"""Values that aliases may repeat in one file."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN: Any = yaml.SafeLoader("")
_CORE = "tag:yaml.org,2002:"
_MERGE = "<<"
_TAGS = {f"{_CORE}{name}" for name in ("bool", "float", "int", "map", "null", "seq", "str")}


@dataclass(frozen=True)
class Document:
    """One document of a file: its value, and where it is."""

    value: Any
    where: str


def documents(text: str, file: str) -> Iterator[Document]:
    """Every document of a text in YAML or JSON; those with nothing in them are left out.

    Raises:
        BadManifest: it is neither, a key is there twice, or it is deeper or more repetitive than is allowed.
    """
    if text.lstrip()[:1] in ("{", "["):
        try:
            yield Document(json.loads(text, object_pairs_hook=_unique), file)
            return
        except _Twice as error:
            raise BadManifest(f"{file}: the key {error.args[0]!r} is there twice") from None
        except RecursionError:
            raise BadManifest(f"{file}: deeper than {DEPTH} levels") from None
        except ValueError:
            # A mapping of YAML may begin so too.
            pass
    yield from _Reader(file).documents(text)


class _Twice(Exception):
    """A key of an object of JSON is there twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return made


@dataclass
class _Open:
    """A list or mapping that is being read."""

    made: Any
    anchor: str | None
    before: int
    key: str | None = None
    merged: list[Any] = field(default_factory=list)


class _Reader:
    """Makes values of a parser's events, with nothing in between."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._number = 0
        self._read = 0
        self._repeated = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._root: Any = None

    def documents(self, text: str) -> Iterator[Document]:
        try:
            parser = _Loader(text)
            while parser.check_event():
                if (made := self._next(parser.get_event())) is not None:
                    yield made
        except yaml.MarkedYAMLError as error:
            self._refuse(f"{error.problem or error.context}", error.problem_mark or error.context_mark)
        except yaml.YAMLError as error:
            raise BadManifest(f"{self._file}: not text in YAML or JSON: {_first_line(error)}") from None

    def _next(self, event: Any) -> Document | None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._read += 1
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._start(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = self._open.pop()
            for each in done.merged:
                done.made = {**each, **done.made}
            self._keep(done.anchor, done.made, self._read - done.before)
            self._add(done.made, event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._number += 1
            self._anchors, self._root = {}, None
        elif kind is yaml.DocumentEndEvent and self._root is not None:
            return Document(self._root, f"{self._file}, document {self._number}")
        return None

    def _scalar(self, event: Any) -> None:
        above = self._open[-1] if self._open else None
        if above is not None and above.key is None and type(above.made) is dict:
            if event.value in above.made:
                self._refuse(f"the key {event.value!r} is there twice", event.start_mark)
            above.key = event.value
            self._keep(event.anchor, event.value, 1)
            return
        if event.tag is None:
            value = plain(event.value) if event.implicit[0] else event.value
        elif event.tag in _TAGS:
            value = _of(event.tag, event.value)
        else:
            self._refuse(f"Kubernetes knows no tag {event.tag}", event.start_mark)
        self._keep(event.anchor, value, 1)
        self._add(value, event)

    def _start(self, event: Any, made: Any) -> None:
        if len(self._open) >= DEPTH:
            self._refuse(f"deeper than {DEPTH} levels", event.start_mark)
        if event.tag is not None and event.tag not in _TAGS:
            self._refuse(f"Kubernetes knows no tag {event.tag}", event.start_mark)
        if self._open and type(self._open[-1].made) is dict and self._open[-1].key is None:
            self._refuse("a key is a list or a mapping", event.start_mark)
        self._open.append(_Open(made, event.anchor, self._read))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            self._refuse(f"there is no whole value &{event.anchor} before *{event.anchor}", event.start_mark)
        value, size = self._anchors[event.anchor]
        self._read += size
        self._repeated += size
        if self._repeated > REPEATED:
            self._refuse(f"aliases repeat more than {REPEATED} values", event.start_mark)
        self._add(value, event)

    def _add(self, value: Any, event: Any) -> None:
        if not self._open:
            self._root = value
            return
        above = self._open[-1]
        if type(above.made) is list:
            above.made.append(value)
        elif above.key is None:
            self._refuse("a key is an alias", event.start_mark)
        elif above.key == _MERGE:
            above.merged += self._merged(value, event)
            above.key = None
        else:
            above.made[above.key] = value
            above.key = None

    def _merged(self, value: Any, event: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in several):
            self._refuse("<< takes a mapping, or a list of them", event.start_mark)
        return several

    def _keep(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)

    def _refuse(self, what: str, mark: Any) -> NoReturn:
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise BadManifest(f"{self._file}, document {max(self._number, 1)}{line}: {what}")


@functools.lru_cache(maxsize=65536)
def plain(text: str) -> Any:
    """What a text without quotes stands for; a day is a text to Kubernetes."""
    return _of(_PLAIN.resolve(yaml.ScalarNode, text, (True, False)), text)


def _of(tag: str, text: str) -> Any:
    if tag.removeprefix(_CORE) not in ("bool", "float", "int", "null"):
        return text
    try:
        return _PLAIN.construct_object(yaml.ScalarNode(tag, text))
    except (KeyError, ValueError, yaml.YAMLError):
        return text


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
