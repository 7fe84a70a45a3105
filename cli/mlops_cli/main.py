"""The `mlops` command. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted; errors.py has the rest."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from mlops_cli.aws import commands as aws
from mlops_cli.cost import commands as cost
from mlops_cli.environment import Environment, open_environment
from mlops_cli.errors import CommandError, NotServing
from mlops_cli.lock import exclusive
from mlops_cli.monitoring import commands as monitoring
from mlops_cli.policy.commands import policy
from mlops_cli.ui import Ui
from mlops_local import engine as engines
from mlops_local.errors import LocalError
from mlops_local.paths import Paths

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
EnvironmentName = Annotated[str, typer.Argument(help="Environment: the <name> of stacks/Pulumi.<name>.yaml.")]


@app.command()
def up(name: EnvironmentName = "local") -> None:
    """Bring an environment up, or up to date, and show one real prediction."""
    from mlops_cli import predict, status, up
    from mlops_cli.aws import environments as on_aws

    ui, environment = Ui(), _environment(name)
    with exclusive(environment.folder, f"mlops up {name}"):
        if on_aws.of(environment) is not None:
            on_aws.bring_up(environment, ui)
            return
        stack = up.bring_up(environment, ui)
        document = status.gather(environment, stack)
        ui.console.print(endpoint_table(document))
        for endpoint in document["endpoints"]:
            predict.show_example(endpoint, ui)
        ui.line("")
        ui.console.print(ui.phase_table())


@app.command()
def preview(name: EnvironmentName = "local") -> None:
    """Show what `up` would change in the stack; changes nothing."""
    from mlops_cli import lifecycle

    ui, environment = Ui(), _environment(name)
    with exclusive(environment.folder, f"mlops preview {name}"):
        lifecycle.preview(environment, ui)


@app.command()
def render(
    name: Annotated[str, typer.Argument(help="Environment, or the path of a file of values.")] = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    resource: Annotated[
        str | None, typer.Option(help="Only the resource of this name or URN; its inputs, as YAML.")
    ] = None,
) -> None:
    """Show every resource of an environment; needs no cluster, credentials or network."""
    from mlops_cli import render

    document = render.render(render.find(name, os.environ, Path.cwd()))
    chosen = render.named(document, resource) if resource else None
    if as_json:
        shown = document.model_copy(update={"resources": chosen}) if chosen else document
        typer.echo(shown.model_dump_json(by_alias=True, indent=2))
    else:
        typer.echo(render.inputs_of(chosen) if chosen else render.tree_text(document))


@app.command()
def down(
    name: EnvironmentName = "local",
    purge: Annotated[bool, typer.Option(help="Also delete the environment's data and state.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="On AWS: destroy what was shown.")] = False,
) -> None:
    """Stop a local environment (its data stays), or destroy the stack on an existing cluster or on AWS."""
    from mlops_cli import lifecycle

    ui, environment = Ui(), _environment(name)
    with exclusive(environment.folder, f"mlops down {name}"):
        lifecycle.take_down(environment, ui, purge=purge, yes=yes)


@app.command()
def images(
    name: Annotated[str, typer.Argument(help="Environment on AWS.")],
    push: Annotated[
        bool, typer.Option("--push", help="Push them to its ECR, waiting until the stack has made it.")
    ] = False,
) -> None:
    """Build an environment's images and print the settings that name them by digest."""
    from mlops_cli.aws import environments as on_aws

    on_aws.images(_environment(name), Ui(), push=push)


@app.command()
def status(
    name: EnvironmentName = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what is served, where, and whether it is ready (exit code 10 when something is not)."""
    from mlops_cli import lifecycle, status

    ui, environment = Ui(), _environment(name)
    document = status.gather(environment, lifecycle.stack_of(environment, ui))
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        ui.console.print(endpoint_table(document))
        for key in status.ADDRESSES:
            ui.line(f"{key}: {document[key] or '-'}")
    if not status.all_ready(document):
        raise typer.Exit(NotServing.exit_code)


@app.command()
def engine(name: EnvironmentName = "local") -> None:
    """Print the shell variables with which `pulumi` typed by hand works on an environment.

    Use as: eval "$(mlops engine local)" && pulumi up -s local
    """
    environment = _environment(name)
    found = engines.ensure(environment.paths, lambda line: typer.echo(line, err=True))
    typer.echo(engines.shell_exports(found.environment(environment.paths, name)))


@app.command()
def predict(
    endpoint: Annotated[str, typer.Argument(help="Endpoint to ask.")],
    file: Annotated[Path | None, typer.Option(help="JSON request; default: a real row of its model.")] = None,
    name: Annotated[str, typer.Option("--env", help="Environment.")] = "local",
    trace: Annotated[bool, typer.Option("--trace", help="Trace it, and print the trace's id.")] = False,
) -> None:
    """Send one request to an endpoint and print the answer."""
    from mlops_cli import client_trace, lifecycle, predict

    environment = _environment(name)
    entry = lifecycle.endpoint_of(environment, endpoint, Ui())
    request = _request(file) if file else predict.example_request(entry["model"])
    if request is None:
        raise typer.BadParameter(f"no example for model {entry['model']!r}; give one with --file")
    with client_trace.traceparent("mlops predict", sampled=trace) as header:
        if trace:
            # Not where the answer goes, which scripts read; and before it, should there be none.
            typer.echo(f"trace {client_trace.trace_id(header)}", err=True)
            if why := client_trace.uncollected(environment.settings, endpoint):
                typer.echo(why, err=True)
        seconds = predict.patience(environment.settings, endpoint)
        answer = predict.predict(predict.infer_url(entry), request, header, seconds)
    typer.echo(json.dumps(answer))


@app.command()
def dashboard(
    name: EnvironmentName = "local",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 is a free one.")] = 8088,
) -> None:
    """Show endpoints, drift and alerts on a page for this machine's browser, until Ctrl-C."""
    from mlops_cli.dashboard import server

    server.serve(_environment(name), port, typer.echo)


@app.command()
def doctor(
    name: Annotated[str, typer.Argument(help="Environment; or `aws`, to check an account.")] = "local",
    environment: Annotated[str | None, typer.Argument(help="With `aws`: the environment.")] = None,
    region: Annotated[str | None, typer.Option(help="With `aws`: a region, without environment.")] = None,
    account_id: aws.AccountId = None,
    profile: aws.Profile = None,
) -> None:
    """Check the machine for an environment, or an AWS account, before anything is changed."""
    from mlops_cli import lifecycle

    if name != "aws" and environment is not None:
        raise typer.BadParameter(f"one environment at a time, or `mlops doctor aws {environment}`")
    if name == "aws" and environment is None:
        aws.doctor_of_region(region, account_id, profile)
    else:
        lifecycle.doctor(_environment(environment or name), Ui())


app.add_typer(aws.bootstrap, name="bootstrap")
app.add_typer(policy, name="policy")
for _command in (monitoring.alerts, monitoring.drift, monitoring.logs, cost.cost, cost.refresh_prices):
    app.command()(_command)


def endpoint_table(document: dict[str, Any]) -> Table:
    """Endpoints with what they serve."""
    table = Table("endpoint", "model", "version", "ready", "url")
    for entry in document["endpoints"]:
        ready = {"ready": "yes", "not ready": "no"}.get(entry["state"], entry["state"])
        table.add_row(entry["name"], entry["model"], str(entry["version"] or "-"), ready, entry["url"])
    return table


def _request(file: Path) -> dict[str, Any]:
    try:
        request = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file} is not a readable JSON file: {error}") from error
    if not isinstance(request, dict):
        raise typer.BadParameter(f"{file} must hold one JSON object, an Open Inference Protocol request")
    return request


def _environment(name: str) -> Environment:
    return open_environment(name, Paths.read(os.environ, Path.cwd()))


def run() -> None:
    """Entry point: one line of error for a person, and an exit code for a script."""
    try:
        app()
    except (CommandError, LocalError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
