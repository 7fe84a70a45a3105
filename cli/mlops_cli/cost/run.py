"""What the commands of cost do: the estimate of an environment, and a price file made anew."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from mlops_cli.cost import fetch
from mlops_cli.errors import CannotPrice
from mlops_cli.render.placeholders import with_prefix
from mlops_cli.render.program import render
from mlops_cli.render.source import Source
from mlops_stacks import cost, program
from mlops_stacks.cost import offers
from mlops_stacks.recording import Document

FORMAT: Final = 1
"""Of the JSON document; it grows when a reader could break."""
_SECTION: Final = "mlops:aws"
_ANYWHERE: Final = "us-east-1"

table = cost.table


def estimate(
    document: Document,
    config: Mapping[str, Any],
    region: str | None = None,
    assume: Sequence[str] = (),
    file: Path | None = None,
) -> cost.Estimate:
    """The estimate of a rendered environment.

    Args:
        config: the environment's values; they tell the region if none is given.
        assume: amounts of use that replace those of the price file, as `name=number`.
        file: price file; the repository's own without it.

    Raises:
        CannotPrice: a price, the region or an amount is not there.
    """
    with _explained():
        prices = cost.load(file or cost.FILE)
        usage = _with(prices.assumptions, assume)
        return cost.estimate(
            document,
            prices.model_copy(update={"assumptions": usage}),
            region or _region(document, config),
            datetime.now(UTC).date(),
        )


def text_for_preview(
    source: Source, monthly: float | None = None, main: Callable[[], object] = program.main
) -> str:
    """What a preview or an update of an environment on AWS prints first; "" for any other environment.

    An estimate that cannot be made is no reason not to preview: the text says why there is none.

    Args:
        monthly: the environment's budget, if it has one.

    Raises:
        CannotPrice: the budget is below the estimate.
    """
    if _SECTION not in with_prefix(source.config):
        return ""
    try:
        found = estimate(render(source, main), source.config)
    except CannotPrice as error:
        return f"Cost is not estimated: {error}"
    if monthly is not None:
        refuse_budget(monthly, found)
    return cost.table(found)


def refuse_budget(monthly: float, found: cost.Estimate) -> None:
    """Refuse a budget that the environment exceeds at its least.

    Raises:
        CannotPrice: it does.
    """
    with _explained():
        cost.refuse_budget(monthly, found)


def document(found: cost.Estimate) -> dict[str, Any]:
    """The estimate as JSON; money is rounded to cents."""
    fields = asdict(found)
    for row in (*fields["lines"], *fields["endpoints"]):
        row["low"], row["high"] = round(row["low"], 2), round(row["high"], 2)
    total = {"low": round(found.low, 2), "high": round(found.high, 2)}
    return {"version": FORMAT, "currency": "USD", **total, **fields}


def refresh(
    regions: Sequence[str],
    add: Sequence[str],
    source: str | None,
    file: Path | None,
    report: Callable[[str], None],
) -> list[str]:
    """Rewrite the price file, and say which prices are others.

    Raises:
        CannotPrice: the file or a list cannot be used, or what is to be added is not offered.
        PriceListUnreachable: a list does not come; the file stays as it was.
    """
    path = file or cost.FILE
    with _explained():
        before = after = cost.load(path)
        chosen = list(regions) or sorted(before.regions)
        for region in chosen:
            read = fetch.read(source or offers.HOST, region, report)
            after = offers.refreshed(after, region, read, add)
    after = after.model_copy(update={"date": datetime.now(UTC).date()})
    part = path.with_suffix(".part")
    part.write_text(after.model_dump_json(indent=2) + "\n")
    part.replace(path)
    lines: list[str] = []
    for region in chosen:
        changed = offers.changes(before, after, region)
        lines += [f"{region}: {len(changed)} prices are others", *(f"  {line}" for line in changed)]
    return lines


def _region(document: Document, config: Mapping[str, Any]) -> str:
    """The region of the values, or else that of the document's providers."""
    values = with_prefix(config)
    section = values.get(_SECTION)
    if isinstance(section, Mapping) and "region" in section:
        return str(section["region"])
    if "aws:region" in values:
        return str(values["aws:region"])
    if not any(resource.type.startswith("aws:") for resource in document.resources):
        return _ANYWHERE
    return cost.region_of(document)


def _with(usage: cost.Usage, assume: Sequence[str]) -> cost.Usage:
    changed: dict[str, Any] = usage.model_dump()
    for each in assume:
        name, _, value = each.partition("=")
        if name not in changed:
            close = difflib.get_close_matches(name, changed, n=3) or sorted(changed)
            raise cost.CannotEstimate(f"--assume {each}: there is no {name!r}; there is {', '.join(close)}")
        try:
            changed[name] = float(value)
        except ValueError as error:
            raise cost.CannotEstimate(f"--assume {each}: {value!r} is no number") from error
    try:
        return cost.Usage(**changed)
    except ValidationError as error:
        wrong = "; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise cost.CannotEstimate(f"--assume: {wrong}") from error


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (cost.CannotEstimate, cost.BudgetTooLow) as error:
        raise CannotPrice(str(error)) from error
