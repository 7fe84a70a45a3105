"""JSON log lines on stderr: one object a line, never a payload.

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


def set_up(level: str) -> None:
    """Send every logger's lines to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
