"""Boards as Grafana's JSON, built with Grafana's own typed library. Pure.

`grafana-foundation-sdk`; what it leaves out (a panel's identity) is made from names, so that an added panel
changes no other.
"""

import json
import zlib
from collections.abc import Sequence
from typing import TypeAlias

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import prometheus as prometheus_models

from pulumi_mlops.dashboards.parts import Board, Chart, Line, Section, Variable

DATASOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "mlops"
_HEIGHTS = {"number": 4, "table": 8, "lines": 8, "shares": 8}
_ALL = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])

_Panel: TypeAlias = stat.Panel | table.Panel | timeseries.Panel


def as_json(board: Board) -> str:
    """The dashboard's JSON, keys sorted, so that the same board is the same text."""
    built = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.text)
        .tags([TAG])
        .refresh("30s")
        .time("now-1h", "now")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .links([_to_the_others()])
        .variables([builders.DatasourceVariable("datasource").label("Data source").type("prometheus")])
    )
    for variable in board.variables:
        built = built.with_variable(_variable(variable))
    for section in board.sections:
        built = _with_section(built, board, section)
    return json.dumps(built.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def panel_id(board: Board, title: str) -> int:
    """A panel's number in its dashboard: the same as long as its title is."""
    return zlib.crc32(f"{board.uid}/{title}".encode()) & 0x7FFFFFFF


def _with_section(built: builders.Dashboard, board: Board, section: Section) -> builders.Dashboard:
    row = builders.Row(section.title).id(panel_id(board, f"row {section.title}")).collapsed(section.closed)
    panels = [_panel(chart, panel_id(board, chart.title)) for chart in section.charts]
    if section.closed:
        for panel in panels:
            row = row.with_panel(panel)
        return built.with_row(row)
    built = built.with_row(row)
    for panel in panels:
        built = built.with_panel(panel)
    return built


def _to_the_others() -> builders.DashboardLink:
    link = builders.DashboardLink("Models").type(dashboard.DashboardLinkType.DASHBOARDS)
    return link.tags([TAG]).as_dropdown(True).include_vars(True).keep_time(True)


def _variable(wanted: Variable) -> builders.QueryVariable | builders.TextBoxVariable:
    if not wanted.label:
        return (
            builders.TextBoxVariable(wanted.name).label(wanted.title).default_value(wanted.matches_all or "")
        )
    choice = (
        builders.QueryVariable(wanted.name)
        .label(wanted.title)
        .datasource(DATASOURCE)
        .query(f"label_values({wanted.series}, {wanted.label})")
        .multi(True)
        .include_all(True)
        .current(_ALL)
        # An endpoint that appears while the page is open is found at the next refresh.
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.NATURAL_ASC)
    )
    return choice if wanted.matches_all is None else choice.all_value(wanted.matches_all)


def _panel(chart: Chart, number: int) -> _Panel:
    panel = _kind(chart)
    panel.id(number).title(chart.title).description(_description(chart)).datasource(DATASOURCE)
    panel.span(chart.width).height(_HEIGHTS[chart.kind]).interval(chart.step)
    panel.unit(chart.unit).no_value(chart.empty)
    panel.targets([_target(chart, line, number) for number, line in enumerate(chart.lines)])
    if chart.steps:
        panel.thresholds(_thresholds(chart.steps))
    if chart.meanings:
        panel.mappings([_meanings(chart.meanings)])
    return panel


def _kind(chart: Chart) -> _Panel:
    if chart.kind == "number":
        newest = common_builders.ReduceDataOptions().calcs(["lastNotNull"])
        return stat.Panel().reduce_options(newest).text_mode(common.BigValueTextMode.VALUE_AND_NAME)
    if chart.kind == "table":
        return _table(chart.lines)
    lines = timeseries.Panel().legend(
        common_builders.VizLegendOptions()
        .show_legend(True)
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull"])
    )
    lines.min(0) if chart.unit != "s" else lines
    if chart.kind == "shares":
        stacked = common_builders.StackingConfig().mode(common.StackingMode.NORMAL)
        lines.stacking(stacked).fill_opacity(60).max(1)
    return lines


def _table(lines: Sequence[Line]) -> table.Panel:
    """A row for each set of labels, a column for each line."""
    names = {f"Value #{_letter(number)}": line.legend for number, line in enumerate(lines)}
    if len(lines) == 1:
        names = {"Value": lines[0].legend}
    order: dict[str, object] = {"excludeByName": {"Time": True}, "renameByName": names}
    return (
        table.Panel()
        .filterable(True)
        .with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=order))
    )


def _target(chart: Chart, line: Line, number: int) -> prometheus.Dataquery:
    query = (
        prometheus.Dataquery()
        .ref_id(_letter(number))
        .datasource(DATASOURCE)
        .expr(line.expr)
        .interval(chart.step)
        .editor_mode(prometheus_models.QueryEditorMode.CODE)
    )
    if chart.kind == "table":
        return query.instant().format(prometheus_models.PromQueryFormat.TABLE)
    return query.range().legend_format(line.legend)


def _description(chart: Chart) -> str:
    return f"{chart.text} Needs {chart.needs.value}." if chart.needs else chart.text


def _thresholds(steps: Sequence[tuple[float, str]]) -> builders.ThresholdsConfig:
    (_, first), *others = steps
    values = [
        dashboard.Threshold(None, first),
        *(dashboard.Threshold(value, color) for value, color in others),
    ]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(values)


def _meanings(pairs: Sequence[tuple[str, str]]) -> dashboard.ValueMap:
    return dashboard.ValueMap(
        options={value: dashboard.ValueMappingResult(text=text) for value, text in pairs}
    )


def _letter(number: int) -> str:
    return chr(ord("A") + number)
