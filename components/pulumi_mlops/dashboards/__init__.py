"""Grafana dashboards of endpoints, of drift and of the platform, as JSON. Pure.

`grafana_dashboards.GrafanaDashboards` puts them where Grafana finds them.
"""

import re

from pulumi_mlops.dashboards import drift, endpoint, platform
from pulumi_mlops.dashboards.build import as_json
from pulumi_mlops.dashboards.parts import ALL, RATE_WINDOWS, Needs, Query
from pulumi_mlops.errors import InvalidValue

__all__ = ["BOARDS", "Needs", "Query", "files", "filled", "queries"]

BOARDS = (endpoint.BOARD, drift.BOARD, platform.BOARD)

_VARIABLE = re.compile(r"\$(__rate_interval|[a-z]+)")


def files() -> dict[str, str]:
    """The JSON text of every dashboard by its file's name."""
    return {f"{board.uid}.json": as_json(board) for board in BOARDS}


def queries() -> list[Query]:
    """Every query of every panel, with variables as in the dashboard."""
    return [
        Query(board.uid, chart.title, line.expr, chart.step, chart.needs)
        for board in BOARDS
        for chart in board.charts
        for line in chart.lines
    ]


def filled(query: Query, **variables: str) -> str:
    """The PromQL that Prometheus is asked, variables that are not given being at their first value, All.

    Raises `InvalidValue` for a variable that the query's dashboard does not have.
    """
    (board,) = (board for board in BOARDS if board.uid == query.dashboard)
    values = {one.name: one.matches_all or ALL for one in board.variables}
    unknown = sorted(set(variables) - set(values))
    if unknown:
        raise InvalidValue(
            f"dashboard {board.uid} has no variable {unknown[0]!r}; it has {', '.join(sorted(values))}"
        )
    values |= variables | {"__rate_interval": RATE_WINDOWS[query.step]}
    return _VARIABLE.sub(lambda match: values[match[1]], query.expr)
