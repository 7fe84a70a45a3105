"""Reading what a resource is made of: strictly, by path, and knowing what is not known yet. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn


class UnknownRead(Exception):
    """A value was asked for that only a provider can tell; `path` is where it stands."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not known yet")
        self.path = path


class WrongShape(Exception):
    """A value is of a type that its place does not allow; the message names place, value and type."""


class _Marker:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __deepcopy__(self, memo: object) -> _Marker:
        return self


UNKNOWN: Final = _Marker("UNKNOWN")
"""Stands in a resource's properties for what a provider tells only after it has made something."""
MISSING: Final = _Marker("MISSING")
"""What a key that is not there, or is null, reads as."""


@dataclass(frozen=True)
class View:
    """A value of a resource and where it stands.

    Steps into it never fail: what is not there is MISSING, what is under an unknown value is unknown. Reading
    does: `UnknownRead` for what is not known, `WrongShape` for a value of another type. So a rule cannot take
    an unknown value for a good or a bad one.
    """

    raw: Any
    path: str

    def at(self, path: str) -> View:
        """The view at keys with dots between them, such as `spec.template.metadata`."""
        view = self
        for key in steps(path):
            view = view.key(str(key))
        return view

    def key(self, key: str) -> View:
        """The view at one key, which may have dots in it."""
        where = f'{self.path}["{key}"]' if "." in key else f"{self.path}.{key}" if self.path else key
        if self.raw is UNKNOWN or self.raw is MISSING:
            return View(self.raw, where)
        if not isinstance(self.raw, Mapping):
            self._wrong("a mapping")
        value = self.raw.get(key, MISSING)
        return View(MISSING if value is None else value, where)

    def places(self, path: str) -> list[View]:
        """Every view that `path` leads to; `[]` after a key stands for each item of its list.

        An empty or absent list is one place whose value is MISSING.
        """
        found = [self]
        for step in steps(path):
            if step is EACH:
                found = [
                    item for view in found for item in view.items() or [View(MISSING, f"{view.path}[0]")]
                ]
            else:
                found = [view.key(str(step)) for view in found]
        return found

    @property
    def known(self) -> Any:
        """The value itself, MISSING included.

        Raises:
            UnknownRead: it is not known yet.
        """
        if self.raw is UNKNOWN:
            raise UnknownRead(self.path)
        return self.raw

    @property
    def given(self) -> bool:
        """Whether there is anything: neither absent nor empty. An unknown value counts as given."""
        return self.raw is not MISSING and self.raw not in ("", [], {})

    def text(self, default: str = "") -> str:
        """The value as text; `default` where there is none."""
        return str(self._typed(str, "a text", default))

    def whole(self, default: int = 0) -> int:
        """The value as a whole number; `default` where there is none."""
        value = self._typed((int, float), "a whole number", default)
        if isinstance(value, bool) or int(value) != value:
            self._wrong("a whole number")
        return int(value)

    def true(self) -> bool:
        """Whether the value is true; absent is not. `"true"`, which some providers take, is."""
        value = self._typed((bool, str), "true or false", False)
        if isinstance(value, str) and value not in ("true", "false"):
            self._wrong("true or false")
        return value in (True, "true")

    def items(self) -> list[View]:
        """A view of each item of the list; none where there is no list."""
        value = self._typed((list, tuple), "a list", [])
        return [View(MISSING if item is None else item, f"{self.path}[{n}]") for n, item in enumerate(value)]

    def texts(self) -> list[str]:
        """The list's items as texts; a text by itself is a list of one."""
        if isinstance(self.raw, str):
            return [self.raw]
        return [item.text() for item in self.items()]

    def entries(self) -> Iterator[tuple[str, View]]:
        """Key and view of each entry of the mapping; none where there is none."""
        for key in self._typed(Mapping, "a mapping", {}):
            yield str(key), self.key(str(key))

    def plain(self) -> Any:
        """The value with all that is in it, all of it known.

        Raises:
            UnknownRead: something in it is not known yet.
        """
        for _, view in self._inside():
            view.known  # noqa: B018 - reading raises
        return self.known

    def _inside(self) -> Iterator[tuple[str, View]]:
        if isinstance(self.raw, Mapping):
            for key, view in self.entries():
                yield key, view
                yield from view._inside()
        elif isinstance(self.raw, list | tuple):
            for item in self.items():
                yield item.path, item
                yield from item._inside()

    def _typed(self, kinds: Any, what: str, default: Any) -> Any:
        value = self.known
        if value is MISSING:
            return default
        if not isinstance(value, kinds):
            self._wrong(what)
        return value

    def _wrong(self, what: str) -> NoReturn:
        raise WrongShape(f"{self.path or 'the resource'} is {shown(self.raw)}, where {what} is expected")


EACH: Final = -1
"""As a step: every item of the list."""
_STEP = re.compile(r'\["([^"]+)"\]|\[(\d*)\]|([^.\[\]]+)')


@functools.lru_cache(maxsize=4096)
def steps(path: str) -> tuple[str | int, ...]:
    """The steps of a path: keys, numbers of items, and EACH for `[]`.

    A key with dots in it stands as `["app.kubernetes.io/name"]`.
    """
    return tuple(
        quoted or plain or (int(number) if number else EACH) for quoted, number, plain in _STEP.findall(path)
    )


def shown(value: Any) -> str:
    """A value for a message: short, and never more than its beginning."""
    if value is MISSING:
        return "not set"
    if value is UNKNOWN:
        return "not known yet"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
