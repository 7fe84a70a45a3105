"""`mlops up`: from whatever the machine has to a served prediction, in repeatable phases."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from pulumi import automation as auto

from mlops_cli.environment import Environment
from mlops_cli.errors import StackFailed
from mlops_cli.progress import StackProgress
from mlops_cli.stack import EnvironmentStack
from mlops_cli.ui import Ui
from mlops_local import engine as engines
from mlops_local import host_packages, node, preflight, toolchain
from mlops_local.images import (
    IMAGES_OF_KEDA,
    IMAGES_OF_MONITORING,
    IMAGES_OF_NODE,
    IMAGES_OF_STACK,
    IMAGES_OF_STORES,
    ImageSource,
    build,
    groups_of,
    push,
)
from mlops_stacks.settings import ExistingCluster

NODE_GROUPS = ("kubernetes", "etcd", "registry")


def bring_up(environment: Environment, ui: Ui) -> EnvironmentStack:
    """Run every phase; each finds its work done when it was done before.

    Raises:
        LocalError: the machine, a build, the node or an image failed.
        StackFailed: the engine did not finish the update.
    """
    spec, cluster = environment.node_spec(), environment.settings.cluster
    if spec is not None:
        generated = _local_node(environment, spec, ui)
    elif environment.settings.images is None and isinstance(cluster, ExistingCluster):
        generated = _images_for(cluster.image_registry, environment, ui)
    else:
        generated = {}
    with ui.phase("Pulumi engine"):
        engine = engines.ensure(environment.paths, ui.report)
        stack = EnvironmentStack(environment, engine)
        stack.configure(generated)
    with ui.phase("pulumi up"):
        update(stack, ui)
    return stack


def _local_node(environment: Environment, spec: node.NodeSpec, ui: Ui) -> dict[str, Any]:
    """Start the node, fill its registry, and return the configuration that points at it."""
    cache, images = environment.paths.cache, _stack_images(environment)
    with ui.phase("preflight"):
        preflight.check(spec, cache)
    with ui.phase("Debian packages"):
        host_packages.ensure(ui.report)
    with ui.phase("Go programs"):
        programs = toolchain.ensure(_groups(images), cache, ui.report)
    binaries = node.Binaries(**{group: programs[group] for group in NODE_GROUPS})
    with ui.phase("Kubernetes node"):
        access = node.start(spec, binaries, ui.report)
    with ui.phase("images"):
        source = ImageSource(workspace=environment.paths.workspace, programs=programs)
        layouts = build([*IMAGES_OF_NODE, *images], source, cache, ui.report)
        references = push(layouts, access.registry, ui.report)
    with ui.phase("cluster add-ons"):
        node.apply_addons(spec, binaries, references, ui.report)
    return {
        "mlops:kubeconfig": str(access.kubeconfig),
        "mlops:images": {name: references[name] for name in images},
    }


def _images_for(registry: str, environment: Environment, ui: Ui) -> dict[str, Any]:
    """Build the stack's images and push them to the registry of an existing cluster."""
    layouts = built_images(environment, ui)
    with ui.phase("pushing"):
        references = push(layouts, registry, ui.report)
    return {"mlops:images": {name: references[name] for name in layouts}}


def built_images(environment: Environment, ui: Ui) -> dict[str, Path]:
    """The OCI layouts of the images that the environment uses, building what is missing."""
    cache, images = environment.paths.cache, _stack_images(environment)
    with ui.phase("Debian packages"):
        host_packages.ensure(ui.report)
    with ui.phase("Go programs"):
        programs = toolchain.ensure(groups_of(images), cache, ui.report)
    with ui.phase("images"):
        source = ImageSource(workspace=environment.paths.workspace, programs=programs)
        return build(images, source, cache, ui.report)


def _stack_images(environment: Environment) -> tuple[str, ...]:
    """The images that these settings use."""
    settings = environment.settings
    stored_here = settings.aws is None
    return (
        *(name for name in IMAGES_OF_STACK if stored_here or name not in IMAGES_OF_STORES),
        *(IMAGES_OF_KEDA if settings.keda.mode == "run" else ()),
        *(IMAGES_OF_MONITORING if settings.monitoring.mode == "run" else ()),
    )


def _groups(images: tuple[str, ...]) -> list[str]:
    """The programs of the node and the engine, and those in the images."""
    return list(dict.fromkeys([*toolchain.PLATFORM_GROUPS, *groups_of(images)]))


class Updatable(Protocol):
    """A stack as `update` needs it."""

    @property
    def policy_packs(self) -> list[str]:
        """Folders of the packs that judge every preview and update."""

    def open(self) -> auto.Stack:
        """The stack as the Automation API sees it."""

    def release_stale_lock(self, stack: auto.Stack) -> None:
        """Drop a lock that nobody holds any more, where that can be known."""


def update(stack: Updatable, ui: Ui) -> None:
    """`pulumi up` with progress, once a preview has broken no policy.

    Policies across resources judge an update when it is over; so nothing is made before a preview passed.

    Raises:
        StackFailed: with the engine's errors, once each.
    """
    handle = stack.open()
    stack.release_stale_lock(handle)
    checked = StackProgress(lambda line: None, lambda line: None)
    progress = StackProgress(ui.report, ui.line)
    try:
        ui.report("policies")
        with engine_stops_first():
            handle.preview(on_event=checked.on_event, policy_packs=stack.policy_packs)
        with engine_stops_first():
            handle.up(on_event=progress.on_event, policy_packs=stack.policy_packs)
    except auto.CommandError as error:
        raise StackFailed(failure_text("pulumi up", progress.errors or checked.errors, str(error))) from error
    ui.line("  no change" if progress.changes == 0 else f"  {progress.changes} resources changed")


@contextmanager
def engine_stops_first() -> Iterator[None]:
    """Let the engine end in order on Ctrl-C: it gets the signal too, and saves what it has done.

    Raises:
        KeyboardInterrupt: once the engine has stopped.
    """
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield
        if interrupted.is_set():
            raise KeyboardInterrupt
    except auto.CommandError:
        if interrupted.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def failure_text(command: str, errors: list[str], output: str) -> str:
    """The engine's own errors where it sent any, else the end of what it printed."""
    details = errors or output.strip().splitlines()[-15:]
    lines = "\n  ".join(dict.fromkeys(details))
    return (
        f"{command} failed:\n  {lines}\nMend what it names and run the command again; it goes on from here."
    )
