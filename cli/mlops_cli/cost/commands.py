"""The commands `mlops cost` and `mlops refresh-prices`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

PriceFile = Annotated[
    Path | None, typer.Option("--prices", help="Price file; the one of the repository by default.")
]


def cost(
    name: Annotated[str, typer.Argument(help="Environment, or the path of a file of values.")] = "local",
    region: Annotated[str | None, typer.Option(help="Region; default: that of the environment.")] = None,
    assume: Annotated[
        list[str] | None, typer.Option(help="Amount of use, such as nat_gb=500; may be given several times.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, help="USD a month (exit code 13 if it is below the estimate).")
    ] = None,
    details: Annotated[bool, typer.Option("--details", help="Show every resource.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    prices: PriceFile = None,
) -> None:
    """Estimate what an environment costs on AWS a month; needs no credentials or network."""
    from mlops_cli import render
    from mlops_cli.cost import run

    source = render.find(name, os.environ, Path.cwd())
    found = run.estimate(render.render(source), source.config, region, assume or (), prices)
    typer.echo(json.dumps(run.document(found), indent=2) if as_json else run.table(found, every_line=details))
    if budget is not None:
        run.refuse_budget(budget, found)


def refresh_prices(
    regions: Annotated[list[str] | None, typer.Argument(help="Regions; all of the file by default.")] = None,
    add: Annotated[
        list[str] | None, typer.Option(help="Instance type or database class to add; may be repeated.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where the price lists are; AWS by default.")] = None,
    prices: PriceFile = None,
) -> None:
    """Read AWS's public price lists, which need no credentials, and rewrite the price file."""
    from mlops_cli.cost import run

    def report(line: str) -> None:
        typer.echo(line, err=True)

    typer.echo("\n".join(run.refresh(regions or (), add or (), source, prices, report)))
