"""Lines of pods' logs: what the kubelet puts before each, what the server writes in each. Pure.

The server's form is `mlops_serving.logs.JsonLines`; whatever else a process prints is passed on as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from mlops_cli.monitoring.terminal import plain

LONGEST_LINE = 64 * 1024
LONGEST_ID = 128
"""Where the server cuts a request's id."""
NANO = 1_000_000_000
LEVELS = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?")
_PLAIN = re.compile(r"[^\s\"'=]+")


@dataclass(frozen=True)
class Line:
    """One line of one pod; `time` is in Unix nanoseconds, by the clock of the pod's node."""

    time: int
    pod: str
    text: str

    @property
    def fields(self) -> dict[str, Any] | None:
        """What is in a line of JSON; None for any other."""
        if not self.text.startswith("{"):
            return None
        try:
            found = json.loads(self.text)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


def split(chunks: Iterable[bytes], longest: int = LONGEST_LINE) -> Iterator[str]:
    """The lines in a stream of bytes, each cut at `longest` bytes, so that none fills the memory."""
    kept = bytearray()
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            kept += part[: max(longest - len(kept), 0)]
            yield kept.decode(errors="replace")
            kept.clear()
        kept += rest[: max(longest - len(kept), 0)]
    if kept:
        yield kept.decode(errors="replace")


def stamped(raw: str, pod: str, before: int = 0) -> Line:
    """A line as the kubelet sends it with `timestamps`; one without a time follows the one `before` it."""
    found = _STAMP.match(raw)
    if found is None:
        return Line(before, pod, raw)
    second, fraction, zone = found.groups()
    seconds = int(datetime.fromisoformat(f"{second}{zone}").timestamp())
    return Line(seconds * NANO + int((fraction or "").ljust(9, "0")), pod, raw[found.end() :])


def is_about(line: Line, request: str) -> bool:
    """True for a line with this request id or trace id."""
    fields = line.fields or {}
    return fields.get("request_id") == request[:LONGEST_ID] or fields.get("trace_id") == request


def as_json(line: Line) -> str:
    """The server's own line as it is; any other as an object of the same form."""
    if line.fields is not None:
        return line.text
    time = datetime.fromtimestamp(line.time / NANO, UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": time, "pod": line.pod, "message": line.text})


def for_people(line: Line) -> Text:
    """Local time, pod, level, message and the other fields; a traceback on lines of its own."""
    time = datetime.fromtimestamp(line.time / NANO).astimezone().strftime("%H:%M:%S.%f")[:-3]
    shown = Text.assemble((f"{time} {line.pod}  ", "dim"))
    fields = line.fields
    if fields is None:
        return shown.append(plain(line.text))
    level = plain(str(fields.pop("level", "")))
    message, traceback = fields.pop("message", ""), fields.pop("traceback", "")
    fields.pop("time", None)
    shown.append(f"{level:<7} ", LEVELS.get(level, ""))
    shown.append(plain(str(message)))
    for name, value in fields.items():
        shown.append(f" {plain(name)}=", "dim").append(_value(value))
    for each in str(traceback).splitlines():
        shown.append(f"\n    {plain(each)}")
    return shown


def _value(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return plain(value)
    return plain(json.dumps(value, ensure_ascii=False))
