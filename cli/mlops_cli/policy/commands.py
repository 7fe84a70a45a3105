"""The commands `mlops policy check` and `mlops policy list`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

policy = typer.Typer(no_args_is_help=True, help="Policies, without Pulumi.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@policy.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Manifests in YAML or JSON, - for standard input.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Configuration and exemptions by policy, in YAML or JSON.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="CONTEXT", help="Check the cluster of this context instead.")
    ] = None,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Check the cluster of this file, the current context if none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check manifests, or a cluster, by the policies about Kubernetes (exit code 15 if one is broken).

    All files are checked as what there is: a Deployment's NetworkPolicy must be among them.
    """
    from mlops_cli.errors import PolicyBroken
    from mlops_cli.policy import run

    report = run.check(files or [], config, cluster, kubeconfig)
    typer.echo(json.dumps(report.document(), indent=2) if as_json else run.text(report))
    if not report.holds:
        raise typer.Exit(PolicyBroken.exit_code)


@policy.command("list")
def list_(as_json: AsJson = False) -> None:
    """Say what all policies ask for, family by family."""
    from mlops_cli.policy import run

    typer.echo(json.dumps(run.rules(), indent=2) if as_json else run.rules_table())
