"""Previews, taking down, and looking at an environment that is there."""

from __future__ import annotations

import shutil
from typing import Any

from pulumi import automation as auto

from mlops_cli.aws import environments as on_aws
from mlops_cli.environment import Environment
from mlops_cli.errors import NotServing, StackFailed
from mlops_cli.progress import StackProgress
from mlops_cli.stack import EnvironmentStack
from mlops_cli.ui import Ui
from mlops_cli.up import failure_text
from mlops_local import engine as engines
from mlops_local import node, preflight


def stack_of(environment: Environment, ui: Ui) -> EnvironmentStack:
    """The environment's stack over the engine that this machine has."""
    return EnvironmentStack(environment, engines.ensure(environment.paths, ui.report))


def preview(environment: Environment, ui: Ui) -> None:
    """Print the engine's preview, and on AWS first what it costs.

    Raises:
        StackFailed: the preview failed, or the environment was never brought up.
    """
    if on_aws.of(environment) is not None:
        on_aws.preview(environment, ui)
        return
    stack = stack_of(environment, ui)
    progress = StackProgress(ui.report, ui.line)
    try:
        result = stack.open().preview(on_event=progress.on_event, policy_packs=stack.policy_packs)
    except auto.CommandError as error:
        raise StackFailed(failure_text("pulumi preview", progress.errors, str(error))) from error
    ui.line(result.stdout.strip())


def take_down(environment: Environment, ui: Ui, *, purge: bool, yes: bool) -> None:
    """Stop the local node, or destroy the stack where the cluster is somebody else's or on AWS."""
    if on_aws.of(environment) is not None:
        on_aws.take_down(environment, ui, yes=yes)
        return
    spec = environment.node_spec()
    if spec is None:
        _destroy(environment, ui)
    else:
        with ui.phase("Kubernetes node"):
            (node.purge if purge else node.stop)(spec, ui.report)
    if purge:
        _forget(environment)
        ui.line(f"deleted {environment.folder} and the stack's state")


def _destroy(environment: Environment, ui: Ui) -> None:
    progress = StackProgress(ui.report, ui.line)
    with ui.phase("pulumi destroy"):
        try:
            stack_of(environment, ui).open().destroy(on_event=progress.on_event)
        except auto.CommandError as error:
            raise StackFailed(failure_text("pulumi destroy", progress.errors, str(error))) from error


def _forget(environment: Environment) -> None:
    """Delete the state of a stack whose cluster is gone with everything that it held."""
    state = environment.paths.pulumi_state / ".pulumi"
    for kind in ("stacks", "history", "backups", "locks"):
        for path in state.glob(f"{kind}/**/{environment.name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in environment.folder.iterdir():
        if path.name != "command.lock":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def endpoint_of(environment: Environment, name: str, ui: Ui) -> dict[str, Any]:
    """The stack's output for one endpoint.

    Raises:
        NotServing: no endpoint of that name; the message lists those there are.
    """
    outputs = stack_of(environment, ui).open().outputs()
    entries: list[dict[str, Any]] = outputs["endpoints"].value if "endpoints" in outputs else []
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise NotServing.absent(environment.name, name, (entry["name"] for entry in entries))


def doctor(environment: Environment, ui: Ui) -> None:
    """Run the checks of `up` and say where the engine comes from; changes nothing."""
    if on_aws.of(environment) is not None:
        on_aws.doctor(environment)
        return
    spec = environment.node_spec()
    if spec is not None:
        preflight.check(spec, environment.paths.cache)
        ui.line("machine: fit for the local node")
    ui.line(f"pulumi: {engines.describe(environment.paths)}")
    ui.line(f"state: {environment.paths.home}\ncache: {environment.paths.cache}")
