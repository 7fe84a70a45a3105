"""Results of read-only checks: one line each, with a remedy where something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: a failure makes `mlops up` fail, a warning may."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One check's result."""

    level: Level
    check: str
    text: str
    remedy: str = ""

    def line(self) -> str:
        """One line for the terminal."""
        told = f"{self.level:<5} {self.check}: {self.text}"
        return f"{told} -> {self.remedy}" if self.remedy else told


def ok(check: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.OK, check, text)


def warn(check: str, text: str, remedy: str) -> Finding:
    """It may stop `mlops up`."""
    return Finding(Level.WARN, check, text, remedy)


def fail(check: str, text: str, remedy: str) -> Finding:
    """It stops `mlops up`."""
    return Finding(Level.FAIL, check, text, remedy)


def failed(findings: Sequence[Finding]) -> bool:
    """Whether any of them is a failure."""
    return any(finding.level is Level.FAIL for finding in findings)
