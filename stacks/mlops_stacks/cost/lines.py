"""What an estimate consists of. Data only; money is in US dollars a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One cost. `component` is the path of names from the outermost component, "" under the stack itself.

    `low` and `high` are what autoscaling and growing volumes leave between them.
    """

    component: str
    resource: str
    what: str
    low: float
    high: float
    unverified: bool = False


@dataclass(frozen=True)
class EndpointCost:
    """The part of the machines' cost that an endpoint's pods take, at its fewest and its most pods.

    It is in the lines of the machines already.
    """

    name: str
    pods: tuple[int, int]
    what: str
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What an environment costs, and what that rests on.

    `not_priced` names resources that may cost money and have no price here, with the reason; `assumed` the
    amounts of `Usage` that were used, by name; `notes` what a reader has to know.
    """

    environment: str
    region: str
    prices_of: str
    lines: Sequence[Line]
    endpoints: Sequence[EndpointCost]
    assumed: Mapping[str, float]
    not_priced: Sequence[str]
    notes: Sequence[str]

    @property
    def low(self) -> float:
        """The sum at the fewest machines and the smallest volumes."""
        return sum(line.low for line in self.lines)

    @property
    def high(self) -> float:
        """The sum at every limit."""
        return sum(line.high for line in self.lines)

    def by_component(self) -> dict[str, tuple[float, float]]:
        """(low, high) of every component, by path."""
        sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        for line in self.lines:
            low, high = sums[line.component]
            sums[line.component] = (low + line.low, high + line.high)
        return dict(sorted(sums.items()))
