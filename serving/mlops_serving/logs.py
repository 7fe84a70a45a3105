"""Log lines on stderr, JSON for machines (one object a line) or text for people; never a payload.

Fields beyond the message are given as `extra={"fields": {...}}`.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import orjson

log: Final = logging.getLogger("mlops_serving")


class JsonLines(logging.Formatter):
    """One record as one line of JSON; a traceback goes into its own field."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextLines(logging.Formatter):
    """One record as a line for people, fields after the message; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = [f"{name}={value}" for name, value in getattr(record, "fields", {}).items()]
        line = " ".join([time, f"{record.levelname.lower():<7}", record.getMessage(), *fields])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(level: str, form: str = "json") -> None:
    """Send every logger's lines to stderr, as "json" or as "text"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextLines() if form == "text" else JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
