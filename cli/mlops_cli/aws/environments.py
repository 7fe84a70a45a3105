"""`mlops up`, `preview`, `down`, `doctor` for an environment on AWS."""

from __future__ import annotations

import os
from pathlib import Path

from pulumi import automation as auto

from mlops_cli.aws.checkout_stack import CheckoutStack
from mlops_cli.aws.errors import AwsRefused
from mlops_cli.environment import Environment
from mlops_cli.errors import StackFailed
from mlops_cli.progress import StackProgress
from mlops_cli.ui import Ui
from mlops_cli.up import built_images, failure_text, update
from mlops_local import engine as engines
from mlops_stacks.aws_settings import AwsSettings, EksCluster
from pulumi_mlops.aws import endpoints


def of(environment: Environment) -> tuple[AwsSettings, EksCluster] | None:
    """The settings of an environment on AWS; None of any other."""
    aws, cluster = environment.settings.aws, environment.settings.cluster
    return (aws, cluster) if aws is not None and isinstance(cluster, EksCluster) else None


def bring_up(environment: Environment, ui: Ui) -> None:
    """Show the cost, make what secrets are missing, and update the stack.

    Raises:
        CannotPrice: the budget is below the estimate.
        AwsRefused: images or the database's certificates are not named.
        StackFailed: the engine did not finish.
    """
    aws, _ = _given(environment)
    ui.line(_cost(environment))
    if environment.settings.images is None:
        raise AwsRefused(
            f"mlops:images: nothing was given. `mlops images {environment.name}` builds them and prints the "
            f"lines for stacks/Pulumi.{environment.name}.yaml; `mlops preview {environment.name}` needs none"
        )
    if aws.database.authorities_file is None:
        raise AwsRefused(
            "mlops:aws.database.authoritiesFile: MLflow must know the database's certificate; fetch "
            f"{endpoints.rds_authorities_url(aws.region)} and name the file"
        )
    stack = _stack(environment, ui)
    stack.open()
    for name in stack.make_secrets():
        ui.line(f"made mlops:secrets.{name}, encrypted in {stack.file}")
    with ui.phase("pulumi up"):
        update(stack, ui)


def preview(environment: Environment, ui: Ui) -> None:
    """Show the cost, and what the engine would change.

    Raises:
        CannotPrice: the budget is below the estimate.
        StackFailed: the preview failed.
    """
    ui.line(_cost(environment))
    stack, progress = _stack(environment, ui), StackProgress(ui.report, ui.line)
    try:
        result = stack.open().preview(on_event=progress.on_event, policy_packs=stack.policy_packs)
    except auto.CommandError as error:
        raise StackFailed(failure_text("pulumi preview", progress.errors, str(error))) from error
    ui.line(result.stdout.strip())


def take_down(environment: Environment, ui: Ui, *, yes: bool) -> None:
    """Destroy the stack to the end, or say what that would delete; see `mlops_cli.aws.down`."""
    from mlops_cli.aws import down
    from mlops_cli.aws.access import sign_in
    from mlops_cli.aws.from_settings import target_of
    from mlops_cli.aws.stack_engine import StackEngine

    aws, cluster = _given(environment)
    account = sign_in(aws.region, account_id=aws.account_id)
    engine = StackEngine(_stack(environment, ui).open(), ui)
    down.take_down(engine, account, target_of(environment.name, aws, cluster), ui.line, yes=yes)


def images(environment: Environment, ui: Ui, *, push: bool) -> None:
    """Build the environment's images; print the settings that name them, or push them to its ECR.

    Raises:
        LocalError: a build or a push failed.
        AwsRefused: the account or its repositories cannot be reached.
    """
    from mlops_cli.aws import images as ecr
    from mlops_cli.aws.access import sign_in

    aws, _ = _given(environment)
    layouts = built_images(environment, ui)
    if not push:
        ui.line(ecr.snippet(layouts))
        return
    account = sign_in(aws.region, account_id=aws.account_id)
    with ui.phase("pushing"):
        for reference in ecr.push_all(
            account, ecr.address(account, environment.name, aws.registry), layouts, ui.report
        ).values():
            ui.line(reference)


def doctor(environment: Environment) -> None:
    """Check the account against what the environment needs.

    Raises:
        ChecksFailed: at least one check failed.
    """
    from mlops_cli.aws import commands
    from mlops_cli.aws.from_settings import needs_of

    commands.doctor(needs_of(environment.name, *_given(environment)))


def _given(environment: Environment) -> tuple[AwsSettings, EksCluster]:
    found = of(environment)
    if found is None:
        raise AwsRefused(f"environment {environment.name!r} is not on AWS; its settings have no mlops:aws")
    return found


def _cost(environment: Environment) -> str:
    from mlops_cli import render
    from mlops_cli.cost import run

    aws, _ = _given(environment)
    monthly = None if aws.budget is None else float(aws.budget.monthly)
    return run.text_for_preview(render.find(environment.name, os.environ, Path.cwd()), monthly)


def _stack(environment: Environment, ui: Ui) -> CheckoutStack:
    engine = engines.ensure(environment.paths, ui.report)
    return CheckoutStack(environment.name, environment.paths.workspace, engine)
