"""The commands `mlops alerts`, `mlops drift` and `mlops logs`."""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mlops_cli.environment import Environment, open_environment
from mlops_cli.errors import PageFires
from mlops_cli.ui import Ui
from mlops_local.paths import Paths
from pulumi_mlops import checks
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.labels import selector

EnvironmentArgument = Annotated[
    str, typer.Argument(help="Environment: the <name> of stacks/Pulumi.<name>.yaml.")
]
EnvironmentOption = Annotated[str, typer.Option("--env", help="Environment.")]
Endpoint = Annotated[str, typer.Argument(help="Endpoint.")]


def alerts(
    name: EnvironmentArgument = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what fires and what is pending (exit code 11 when a page fires that is not silenced)."""
    from mlops_cli.monitoring import alerts

    ui, report = Ui(), alerts.gather(_environment(name))
    if as_json:
        typer.echo(json.dumps(alerts.document(report), indent=2))
    else:
        if report.rows:
            ui.console.print(alerts.table(report, datetime.now(UTC)), soft_wrap=False)
        else:
            ui.line("no alert fires, none is pending")
        if report.note:
            typer.echo(report.note, err=True)
    if alerts.page_fires(report):
        raise typer.Exit(PageFires.exit_code)


def drift(
    endpoint: Endpoint,
    name: EnvironmentOption = "local",
    feature: Annotated[str | None, typer.Option(help="Also show the bins of this feature.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compare the last hour of every feature and prediction with the training data."""
    from mlops_cli.monitoring import drift, drift_tables

    ui, report = Ui(), drift.gather(_environment(name), endpoint, feature)
    if as_json:
        typer.echo(json.dumps(drift.document(report), indent=2))
        return
    for table in drift_tables.tables(report):
        ui.console.print(table, soft_wrap=False)
    if not report.features:
        ui.line(
            f"no version of {endpoint} has figures of drift: its model has no reference bins, or Prometheus "
            "has not scraped it yet"
        )
    ui.line(f"Fewer than {report.least_rows} rows in the last hour are not judged.")


def logs(
    endpoint: Endpoint,
    name: EnvironmentOption = "local",
    since: Annotated[str, typer.Option(help="How far back: a number and s, m or h.")] = "10m",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written.")] = False,
    request: Annotated[str | None, typer.Option(help="Only lines with this request or trace id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lines as JSON, as written.")] = False,
) -> None:
    """Print the logs of all pods of an endpoint in the order of time."""
    from mlops_cli.monitoring import log_lines, logs
    from mlops_cli.monitoring.endpoints import endpoint_settings
    from mlops_cli.monitoring.log_pods import LogPods
    from mlops_cli.monitoring.reach import MODELS, api_of

    try:
        seconds = checks.seconds_of(since)
    except InvalidValue as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error
    environment, ui = _environment(name), Ui()
    labels = selector("model-endpoint", endpoint_settings(environment, endpoint).name)
    with closing(api_of(environment)) as api:
        read = logs.follow if follow else logs.read
        for line in read(LogPods(api, MODELS, labels), seconds, lambda note: typer.echo(note, err=True)):
            if request is not None and not log_lines.is_about(line, request):
                continue
            if as_json:
                typer.echo(log_lines.as_json(line))
            else:
                ui.console.print(log_lines.for_people(line))


def _environment(name: str) -> Environment:
    return open_environment(name, Paths.read(os.environ, Path.cwd()))
