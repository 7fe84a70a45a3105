"""Destroy an environment to the end: refuse what is protected, wait for AWS, report what is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlops_cli.aws.access import Account, refusals
from mlops_cli.aws.errors import DestroyRefused, LeftBehind
from mlops_cli.aws.holders import holders
from mlops_cli.aws.inventory import Fate, Leftover, leftovers
from mlops_cli.aws.protection import guarded, refusal
from mlops_cli.aws.violations import Violation, classify_all
from mlops_cli.errors import StackFailed

Report = Callable[[str], None]


class DestroyEngine(Protocol):
    """What a destroy needs of the Pulumi engine."""

    def state(self) -> Mapping[str, Any]:
        """The `deployment` of the stack's exported state."""

    def destroy(self) -> Sequence[str]:
        """Delete what is in the state; the errors, none when all of it is gone. May be called again."""


@dataclass(frozen=True)
class Target:
    """What is to be destroyed."""

    environment: str
    cluster_name: str | None
    production: bool


@dataclass(frozen=True)
class Patience:
    """Bounds of waiting, in seconds."""

    retrying: float = 1800
    """From the first attempt to the start of the last: a load balancer's interfaces take up to 20 minutes."""
    first_pause: float = 30
    longest_pause: float = 240
    settling: float = 300
    """For the tagging API to forget what is gone."""
    look_again: float = 30


@dataclass(frozen=True)
class Clock:
    """Time; a test brings its own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def destroy(
    engine: DestroyEngine,
    account: Account,
    target: Target,
    report: Report,
    *,
    patience: Patience | None = None,
    clock: Clock | None = None,
) -> list[Leftover]:
    """Delete everything of an environment, or say what stands in the way.

    Args:
        account: signed in to the account that the settings name.
        report: gets the lines of progress.

    Returns:
        What is still there and needs nobody: what AWS is deleting, and snapshots that were meant to stay.

    Raises:
        DestroyRefused: something is protected; nothing was deleted.
        StackFailed: an error that waiting does not mend, or that did not go away in time.
        LeftBehind: the stack is gone, and something with its tags is not.
    """
    patience, clock = patience or Patience(), clock or Clock()
    if found := guarded(engine.state()):
        raise DestroyRefused(refusal(target.environment, found, production=target.production))
    _until_done(engine, account, report, patience, clock)
    remaining = _settled(account, target, report, patience, clock)
    left = [each for each in remaining if each.fate is Fate.LEFT]
    if left:
        lines = "\n".join(each.line() for each in remaining)
        raise LeftBehind(
            f"the stack of {target.environment!r} is gone, and {len(left)} resources with its tags are not:\n"
            f"{lines}\nDelete them with these commands, in this order or the reverse; then run"
            f" `mlops doctor aws {target.environment}`."
        )
    return remaining


def _until_done(
    engine: DestroyEngine, account: Account, report: Report, patience: Patience, clock: Clock
) -> None:
    began, pause = clock.now(), patience.first_pause
    while errors := engine.destroy():
        violations = classify_all(errors)
        stuck = [each for each in violations if not each.waits]
        holding = holders(account, (name for each in violations for name in each.ids))
        if stuck:
            raise StackFailed(_failure("the destroy cannot go on", violations, holding))
        if clock.now() + pause - began > patience.retrying:
            minutes = (clock.now() - began) / 60
            raise StackFailed(
                _failure(f"AWS did not let go within {minutes:.0f} minutes", violations, holding)
            )
        kinds = ", ".join(sorted({each.kind for each in violations}))
        report(f"AWS still holds {len(violations)} resources ({kinds}); trying again in {pause:.0f} s")
        for line in holding:
            report(f"held by {line}")
        clock.sleep(pause)
        pause = min(pause * 2, patience.longest_pause)


def _failure(what: str, violations: Sequence[Violation], holding: Sequence[str]) -> str:
    lines = [f"{what}:"]
    lines += [f"  held by {line}" for line in holding]
    lines += [f"  {each.told()}" for each in violations]
    return "\n".join(lines)


def _settled(
    account: Account, target: Target, report: Report, patience: Patience, clock: Clock
) -> list[Leftover]:
    began = clock.now()
    while True:
        with refusals("looking for what is left by tag"):
            remaining = leftovers(account, target.environment, target.cluster_name)
        left = sum(each.fate is Fate.LEFT for each in remaining)
        if not left or clock.now() - began >= patience.settling:
            return remaining
        report(f"AWS still lists {left} resources by tag; looking again in {patience.look_again:.0f} s")
        clock.sleep(patience.look_again)
