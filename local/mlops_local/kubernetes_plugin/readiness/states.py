"""What a rule can say of an object: `Ready`, `Waiting` or `Failed`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ready:
    """The object does what it was made for."""


@dataclass(frozen=True)
class Waiting:
    """Not yet; `reason` is one line for the user."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """Never, without a change; one line for the user in each of `reasons`.

    Some failures heal by themselves now and then, so they count only after they have lasted
    `after_seconds` without a break.
    """

    reasons: tuple[str, ...]
    after_seconds: float = 0.0


State = Ready | Waiting | Failed
READY = Ready()
UNKNOWN = Waiting("nothing is known yet")
