"""How `mlops drift` looks in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import RenderableType
from rich.table import Table

from mlops_cli.monitoring.drift import Bin, Feature, Report
from mlops_cli.monitoring.terminal import cell, plain

BAR = 16
STYLES = {"drifted": "bold red", "no": "", "too few rows": "dim"}


def tables(report: Report) -> Iterator[RenderableType]:
    """One table a version and kind, then the bins that were asked for."""
    for (version, kind), features in groupby(report.features, lambda each: (each.version, each.kind)):
        yield _features(f"version {plain(version)}, {kind}s", list(features))
    for version, count in report.left_out.items():
        yield cell(f"{count} features of version {version} are not counted; the server's log says which")
    for version, bins in report.bins.items():
        yield _bins(f"bins of {plain(report.asked or '')}, version {plain(version)}", bins)


def bar(share: float, largest: float) -> str:
    """A bar of `BAR` blocks for the largest share; what is more than nothing shows."""
    blocks = round(BAR * share / largest) if largest > 0 else 0
    return "█" * blocks or ("▏" if share > 0 else "")


def _features(title: str, features: list[Feature]) -> Table:
    shown = Table("feature", title=cell(title), title_justify="left")
    for name in ("index", "threshold", "rows"):
        shown.add_column(name, justify="right")
    shown.add_column("drifted")
    for each in features:
        verdict = "yes" if each.verdict == "drifted" else each.verdict
        shown.add_row(
            cell(each.feature),
            _number(each.index),
            _number(each.threshold),
            f"{each.rows:.0f}",
            verdict,
            style=STYLES[each.verdict],
        )
    return shown


def _bins(title: str, bins: tuple[Bin, ...]) -> Table:
    shown = Table("bin", title=cell(title), title_justify="left")
    shown.add_column("training data", min_width=BAR + 7)
    shown.add_column("last hour", min_width=BAR + 7)
    shown.add_column("adds", justify="right")
    largest = max(max(one.training, one.observed or 0.0) for one in bins)
    for one in bins:
        known = one.observed is not None
        shown.add_row(
            cell(one.label),
            _share(one.training, largest),
            _share(one.observed, largest) if one.observed is not None else "-",
            _number(one.adds if known else None),
        )
    return shown


def _share(share: float, largest: float) -> str:
    return f"{share:6.1%} {bar(share, largest)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
