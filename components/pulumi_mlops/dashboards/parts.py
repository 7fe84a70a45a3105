"""What a dashboard is made of, as plain values: boards of sections of charts of lines. Pure.

Queries name variables as Grafana does (`$endpoint`). The three rules that keep a panel from staying blank:
labels are only those that every scrape of the platform sets; what is counted only when it happens gives a
zero until then; a rate looks over `$__rate_interval`, four times the panel's smallest step at least.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

ENDPOINT_STEP = "15s"
"""Smallest step where pods are asked every 5 s: rates look over a minute at least."""
CLUSTER_STEP = "1m"
"""Smallest step of all else, asked every 30 s here and up to every minute elsewhere: 4 minutes at least."""

RATE_WINDOWS = {ENDPOINT_STEP: "1m", CLUSTER_STEP: "4m"}
"""The shortest `$__rate_interval` at each step."""

ALL = ".*"
"""What a variable matches that is left at All."""


class Needs(Enum):
    """What must be there before a panel has data; every other panel always has some."""

    ALERTS = "an alert that fires"
    CANDIDATE = "a shadow or canary release"
    DRIFT = "a model with reference bins, and a request in the last hour"
    KEDA = "KEDA, whose metrics Prometheus collects"
    LATENCY_OBJECTIVE = "an endpoint with slo.latency"
    OBJECTIVE = "an endpoint with slo, and a request in the last days"
    PIPELINE = "a pipeline that has run"
    PREDICTIONS = "a model with reference bins of its outputs, and a request in the last hour"
    RELEASES = "an endpoint that follows its release log"
    REQUESTS = "a request"
    SCHEDULE = "a pipeline with a schedule"
    SHADOW = "a shadow release that was shown a request"
    VOLUMES = "a volume of which the kubelet gives figures"


@dataclass(frozen=True)
class Line:
    """One query of a chart; `legend` names its series (`{{endpoint}}`), or its column in a table."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Chart:
    """One panel. `unit` is Grafana's name of a unit.

    `steps` are (value, colour): from there on values are so coloured, the first colour from the lowest value.
    `meanings` are (value, text): what is shown instead of the value.
    """

    title: str
    text: str
    lines: tuple[Line, ...]
    unit: str = "short"
    kind: Literal["lines", "shares", "number", "table"] = "lines"
    width: int = 8
    step: str = ENDPOINT_STEP
    needs: Needs | None = None
    steps: tuple[tuple[float, str], ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> str:
        """What is shown where there is no data."""
        return f"No data yet: this needs {self.needs.value}" if self.needs else "No data"


@dataclass(frozen=True)
class Section:
    """A row of charts; a closed one asks nothing of Prometheus until it is opened."""

    title: str
    charts: tuple[Chart, ...]
    closed: bool = False


@dataclass(frozen=True)
class Variable:
    """A choice above the charts: the values of `label` in `series`, All at first.

    `matches_all` is asked for All; without it All is the values that were found. With no label, it is a
    text that can be typed, at first `matches_all`.
    """

    name: str
    title: str
    series: str = ""
    label: str = ""
    matches_all: str | None = None


@dataclass(frozen=True)
class Board:
    """One dashboard; `uid` is its address in Grafana and names its file."""

    uid: str
    title: str
    text: str
    variables: tuple[Variable, ...]
    sections: tuple[Section, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts, in order."""
        return tuple(chart for section in self.sections for chart in section.charts)


@dataclass(frozen=True)
class Query:
    """One query of one panel, with its variables, and what must be there before it has data."""

    dashboard: str
    panel: str
    expr: str
    step: str
    needs: Needs | None


def zero_unless(expr: str, by: str, always: str) -> str:
    """`expr`, and zero for each `by` of the series `always` that has none: counters appear at first use."""
    return f"{expr} or on ({by}) 0 * group by ({by}) ({always})"


def share(part: str, whole: str) -> str:
    """The part of a whole, 0 without a part and where the whole is 0, both being sums by the same labels."""
    return f"({part} or 0 * {whole}) / ({whole} > 0) or 0 * {whole}"


def restarts(pods: str, legend: str) -> Chart:
    """The panel of containers that were started again, of the pods that have the labels `pods`."""
    metric = "kube_pod_container_status_restarts_total"
    expr = f"sum by (namespace, pod) (increase({metric}{{{pods}}}[1h]))"
    text = "Containers that were started again within an hour."
    return Chart("Restarts", text, (Line(expr, legend),), step=CLUSTER_STEP)
