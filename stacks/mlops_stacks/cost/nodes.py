"""What machines cost between the bounds of autoscaling, and which part of it each endpoint takes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mlops_stacks.cost.fleets import Fleet, Machine
from mlops_stacks.cost.lines import EndpointCost, Line
from mlops_stacks.cost.pods import Demand, Workload
from mlops_stacks.cost.prices import Prices
from mlops_stacks.cost.reading import Tree

_NOTHING: Final = Demand()
_ALL_ALLOWED: Final = float("inf")


@dataclass(frozen=True)
class _Choice:
    """So many machines of one type in one fleet."""

    fleet: Fleet
    machine: Machine
    count: int


@dataclass(frozen=True)
class _Sizer:
    """Turns machines into money."""

    tree: Tree
    prices: Prices
    region: str

    @property
    def reserve(self) -> float:
        """Part of a machine that pods cannot have."""
        return self.prices.assumptions.node_reserve

    def month(self, fleet: Fleet, hourly: float) -> float:
        """One machine with its volumes."""
        services = self.prices.regions[self.region].services.prices
        return hourly * self.prices.hours_per_month + fleet.disk_gib * services["gp3_gb_month"]


@dataclass
class Nodes:
    """Every machine of the environment: lines, what endpoints take of them, notes."""

    lines: list[Line] = field(default_factory=list)
    endpoints: list[EndpointCost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def nodes(
    tree: Tree, fleets: Sequence[Fleet], pods: Sequence[Workload], prices: Prices, region: str
) -> Nodes:
    """Price all fleets.

    Node groups cost their minimum to their maximum.  A NodePool costs at least what the pods request at
    their fewest that does not fit on the node groups, on the cheapest machines that any pool allows; at
    most its limits, filled with the dearest machines that it allows.
    """
    found = Nodes()
    usable = [fleet for fleet in fleets if fleet.machines]
    for fleet in fleets:
        if not fleet.machines:
            found.notes.append(
                f"NodePool {fleet.resource.name} allows no instance type of the price file: it is priced at 0"
            )
    sizer = _Sizer(tree, prices, region)
    pods = [each for each in pods if not _belongs_to_a_group(each, usable)]
    low = _lowest(usable, pods, sizer, found.notes)
    for fleet in usable:
        found.lines.extend(
            _lines(fleet, [each for each in low if each.fleet is fleet], pods, sizer, found.notes)
        )
    found.endpoints.extend(_endpoints(usable, low, pods, sizer))
    return found


def _belongs_to_a_group(pods: Workload, fleets: Sequence[Fleet]) -> bool:
    """True for pods that tolerate the taints of a node group: they run there, whatever it costs."""
    return any(fleet.taints <= pods.tolerated for fleet in fleets if fleet.tainted and not fleet.is_pool)


def _lowest(
    fleets: Sequence[Fleet], pods: Sequence[Workload], sizer: _Sizer, notes: list[str]
) -> list[_Choice]:
    """The machines that run when every autoscaler is at its least."""
    groups = [
        _Choice(fleet, min(fleet.machines, key=lambda each: each.low), fleet.least)
        for fleet in fleets
        if not fleet.is_pool
    ]
    free = sum(
        (each.machine.holds(sizer.reserve).times(each.count) for each in groups if not each.fleet.tainted),
        _NOTHING,
    )
    chosen = list(groups)
    for with_gpus in (False, True):
        needed = sum(
            (each.pod.times(each.least) for each in pods if bool(each.pod.gpus) is with_gpus), _NOTHING
        ).without(_NOTHING if with_gpus else free)
        if needed == _NOTHING:
            continue
        choice = _cheapest(needed, fleets, sizer, with_gpus=with_gpus)
        if choice is None:
            notes.append(
                f"pods {'with GPUs ' if with_gpus else ''}request at least {needed.cpu:.2f} cores and "
                f"{needed.memory_gib:.2f} GiB that no node group or NodePool of the program gives; machines "
                "of an adopted cluster are not in the estimate"
            )
        else:
            chosen.append(choice)
    return chosen


def _cheapest(needed: Demand, fleets: Sequence[Fleet], sizer: _Sizer, *, with_gpus: bool) -> _Choice | None:
    choices = [
        _Choice(fleet, machine, machines_for(needed, machine.holds(sizer.reserve)))
        for fleet in fleets
        if fleet.is_pool and fleet.has_gpus is with_gpus and (with_gpus or not fleet.tainted)
        for machine in fleet.machines
    ]
    return min(
        choices,
        key=lambda each: (each.count * sizer.month(each.fleet, each.machine.low), each.machine.name),
        default=None,
    )


def machines_for(needed: Demand, one: Demand) -> int:
    """How many machines of which pods can have `one` the pods need."""
    # Sums of hundredths of cores must not need a machine more for their last bit.
    return math.ceil(round(_machines(needed, one), 9))


def _machines(needed: Demand, one: Demand) -> float:
    """How many machines' worth the demand is, by the resource that runs out first."""
    pairs = ((needed.cpu, one.cpu), (needed.memory_gib, one.memory_gib), (needed.gpus, one.gpus))
    return max((want / have if have else _ALL_ALLOWED for want, have in pairs if want), default=0.0)


def _lines(
    fleet: Fleet, low: Sequence[_Choice], pods: Sequence[Workload], sizer: _Sizer, notes: list[str]
) -> Iterator[Line]:
    dearest, most = _highest(fleet, pods, sizer, notes)
    cheapest = min(low, key=lambda each: each.machine.low).machine if low else None
    cost_low = sum(each.count * sizer.month(fleet, each.machine.low) for each in low)
    cost_high = most * sizer.month(fleet, dearest.high)
    if cost_high < cost_low:
        notes.append(f"{fleet.resource.name}: the pods at their fewest need more than its limits allow")
        cost_high = cost_low
    least_text = f"{sum(each.count for each in low)} x {cheapest.name}" if cheapest else "0"
    used = [dearest, *([cheapest] if cheapest else [])]
    yield Line(
        component=sizer.tree.component(fleet.resource),
        resource=fleet.resource.name,
        what=f"machines: {least_text} to {most} x {dearest.name}, {fleet.disk_gib:.0f} GiB gp3 each",
        low=cost_low,
        high=cost_high,
        unverified=not all(machine.verified for machine in used),
    )


def _highest(fleet: Fleet, pods: Sequence[Workload], sizer: _Sizer, notes: list[str]) -> tuple[Machine, int]:
    """The dearest machines up to the limits."""
    if not fleet.is_pool:
        return max(fleet.machines, key=lambda each: each.high), fleet.most
    if fleet.limits is None:
        notes.append(f"NodePool {fleet.resource.name} has no limits: its high is what pods request at most")
        needed = sum(
            (each.pod.times(each.most) for each in pods if bool(each.pod.gpus) is fleet.has_gpus), _NOTHING
        )
        counts = [(machine, machines_for(needed, machine.holds(sizer.reserve))) for machine in fleet.machines]
    else:
        counts = [(machine, fitting(fleet.limits, machine.size)) for machine in fleet.machines]
    return max(counts, key=lambda each: (sizer.month(fleet, each[0].high) * each[1], each[0].name))


def fitting(limits: Demand, one: Demand) -> int:
    """How many machines of this size stay within the limits; 0 where none of them limits it."""
    fits = [limits.cpu / one.cpu, limits.memory_gib / one.memory_gib]
    if one.gpus:
        fits.append(limits.gpus / one.gpus)
    least = min(fits)
    return math.floor(least) if math.isfinite(least) else 0


def _endpoints(
    fleets: Sequence[Fleet], low: Sequence[_Choice], pods: Sequence[Workload], sizer: _Sizer
) -> Iterator[EndpointCost]:
    reserve = sizer.reserve
    for name in sorted({each.endpoint for each in pods if each.endpoint}):
        mine = [each for each in pods if each.endpoint == name]
        least = sum((each.pod.times(each.least) for each in mine), _NOTHING)
        most = sum((each.pod.times(each.most) for each in mine), _NOTHING)
        with_gpus = bool(most.gpus)
        carrier = _carrier(low, with_gpus=with_gpus)
        worst = _worst(fleets, reserve, most, with_gpus=with_gpus)
        if carrier is None or worst is None:
            continue
        fleet, machine = worst
        yield EndpointCost(
            name=name,
            pods=(sum(each.least for each in mine), sum(each.most for each in mine)),
            what=f"of {carrier.machine.name} to {machine.name}",
            low=_machines(least, carrier.machine.holds(reserve))
            * sizer.month(carrier.fleet, carrier.machine.low),
            high=_machines(most, machine.holds(reserve)) * sizer.month(fleet, machine.high),
        )


def _carrier(low: Sequence[_Choice], *, with_gpus: bool) -> _Choice | None:
    """What pods run on at the least: a pool's machine if one is needed, or else a node group's."""
    fit = [each for each in low if bool(each.machine.size.gpus) is with_gpus and each.count]
    pools = [each for each in fit if each.fleet.is_pool]
    groups = [each for each in fit if not each.fleet.is_pool and not each.fleet.tainted]
    return next(iter(pools + groups), None)


def _worst(
    fleets: Sequence[Fleet], reserve: float, demand: Demand, *, with_gpus: bool
) -> tuple[Fleet, Machine] | None:
    """The machine on which the demand costs most, of those that may carry it."""
    fit = [
        (fleet, machine)
        for fleet in fleets
        if fleet.has_gpus is with_gpus and (with_gpus or not fleet.tainted)
        for machine in fleet.machines
    ]
    return max(
        fit,
        key=lambda each: (_machines(demand, each[1].holds(reserve)) * each[1].high, each[1].name),
        default=None,
    )
