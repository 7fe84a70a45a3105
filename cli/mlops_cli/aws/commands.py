"""The commands `mlops bootstrap aws` and `mlops doctor aws`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mlops_cli.aws.errors import AwsRefused, BackendDrifted, ChecksFailed
from mlops_cli.aws.needs import AwsNeeds

Region = Annotated[str, typer.Option(help="Region, such as eu-central-1.")]
Profile = Annotated[str | None, typer.Option(help="Profile of the AWS configuration files.")]
AccountId = Annotated[str | None, typer.Option(help="The account's 12 digits; refuses any other.")]

bootstrap = typer.Typer(no_args_is_help=True, help="Set up what has to be there before the first `up`.")


@bootstrap.callback()
def _group() -> None:
    """Set up what has to be there before the first `up`."""


@bootstrap.command()
def aws(
    region: Region,
    name: Annotated[str, typer.Option(help="Name of the state backend.")] = "mlops",
    account_id: AccountId = None,
    profile: Profile = None,
    stack: Annotated[
        list[str] | None, typer.Option(help="Stack to print lines and policies for; repeatable.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 21 on drift.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make or mend a bucket and keys for Pulumi's state and secrets; any number of runs ends in the same."""
    from mlops_cli.aws import bootstrap, bootstrap_text, settling
    from mlops_cli.aws.access import sign_in
    from mlops_cli.aws.state_backend import StateBackend, check_stack

    stacks = [check_stack(each) for each in stack or ["dev"]]
    account = sign_in(region, profile=profile, account_id=account_id)
    backend = StateBackend(name, account.account_id, region)

    def show(step: settling.Step) -> None:
        typer.echo(bootstrap_text.step_line(step, check=check), err=as_json)

    typer.echo(f"account {account.account_id} as {account.identity_arn}, region {region}", err=as_json)
    keys, steps = bootstrap.bootstrap(account, backend, show, check=check)
    drifted = [step for step in steps if step.state is not settling.State.UNCHANGED]
    if as_json:
        typer.echo(json.dumps(bootstrap_text.document(backend, keys, stacks, steps), indent=2))
    elif not check:
        typer.echo(bootstrap_text.usage(backend, stacks))
        typer.echo(bootstrap_text.policies(backend, keys, stacks))
    if check and drifted:
        raise BackendDrifted(
            f"{len(drifted)} of {len(steps)} settings are not as they should be; the same command without"
            " --check makes them so"
        )


def doctor(needs: AwsNeeds, *, profile: str | None = None) -> None:
    """Print every finding; for an environment's needs, or a region alone.

    Raises:
        ChecksFailed: at least one check failed.
    """
    from mlops_cli.aws import findings
    from mlops_cli.aws.doctor import examine

    told = []
    for finding in examine(needs, profile=profile):
        typer.echo(finding.line())
        told.append(finding)
    if findings.failed(told):
        count = sum(finding.level is findings.Level.FAIL for finding in told)
        raise ChecksFailed(f"{count} of {len(told)} checks failed; each says after -> what to do")


def doctor_of_region(region: str | None, account_id: str | None, profile: str | None) -> None:
    """`mlops doctor aws --region R`: what can be checked without an environment.

    Raises:
        AwsRefused: no region was given.
        ChecksFailed: at least one check failed.
    """
    if region is None:
        raise AwsRefused("mlops doctor aws: give an environment (`mlops doctor aws prod`) or --region")
    doctor(AwsNeeds(region=region, account_id=account_id), profile=profile)
