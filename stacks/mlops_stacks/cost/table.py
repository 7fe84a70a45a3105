"""An estimate as text for a terminal: what `mlops cost` and every preview print. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlops_stacks.cost.lines import Estimate, Line
from mlops_stacks.cost.prices import Usage

_DEAREST = 8
_WIDTH = 60


def table(estimate: Estimate, *, every_line: bool = False) -> str:
    """Components, endpoints, assumptions and what is missing; with `every_line` each resource too."""
    head = (
        f"Estimated cost of {estimate.environment} in {estimate.region}, USD a month, "
        f"prices of {estimate.prices_of}"
    )
    if not estimate.lines and not estimate.not_priced:
        return f"{head}\n  nothing: no resource of AWS is in it"
    blocks = [
        [head],
        _rows(("component", "low", "high"), _components(estimate)),
        _rows(("resource", "low", "high"), _resources(estimate, every_line=every_line)),
        _rows(("endpoint (part of the machines above)", "low", "high"), _endpoints(estimate)),
        _listed("Assumed on use", _assumed(estimate)),
        _listed("Not priced", estimate.not_priced),
        _listed("Notes", [*estimate.notes, *_unverified(estimate)]),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _components(estimate: Estimate) -> list[tuple[str, float, float]]:
    rows = [(name or "(shared)", low, high) for name, (low, high) in estimate.by_component().items()]
    return [*rows, ("total", estimate.low, estimate.high)]


def _resources(estimate: Estimate, *, every_line: bool) -> list[tuple[str, float, float]]:
    chosen: Sequence[Line] = estimate.lines
    if not every_line:
        chosen = sorted(estimate.lines, key=lambda line: (-line.high, line.resource, line.what))[:_DEAREST]
    return [(f"{line.resource}: {line.what}", line.low, line.high) for line in chosen]


def _endpoints(estimate: Estimate) -> list[tuple[str, float, float]]:
    return [
        (f"{each.name}: {each.pods[0]} to {each.pods[1]} pods {each.what}", each.low, each.high)
        for each in estimate.endpoints
    ]


def _rows(titles: tuple[str, str, str], rows: Sequence[tuple[str, float, float]]) -> list[str]:
    if not rows:
        return []
    width = max(_WIDTH, len(titles[0]), *(len(name) for name, _, _ in rows))
    lines = [f"  {titles[0]:<{width}}  {titles[1]:>10}  {titles[2]:>10}"]
    return lines + [f"  {name:<{width}}  {low:>10,.2f}  {high:>10,.2f}" for name, low, high in rows]


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  - {line}" for line in lines)] if lines else []


def _assumed(estimate: Estimate) -> list[str]:
    fields = Usage.model_fields
    return [f"{name} = {value:g}: {fields[name].description}" for name, value in estimate.assumed.items()]


def _unverified(estimate: Estimate) -> Iterator[str]:
    amount = sum(line.high for line in estimate.lines if line.unverified)
    if amount:
        yield (
            f"{amount:,.2f} of the high bound rests on prices that no source was found for; "
            f"`mlops refresh-prices {estimate.region}` reads AWS's own"
        )
