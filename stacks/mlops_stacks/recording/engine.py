"""A Pulumi engine that records: runs a program to its end and hands back what it registered.

It needs no provider, cluster, credentials or network.  It stands where Pulumi's own mocks do, behind the
monitor's interface, because those drop what reviews need: URNs of parents, secrets, registered outputs.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NoReturn

from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks
from pulumi.runtime import stack as stacks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS, Settings, configure

from mlops_stacks.recording.values import decoded

_STACK = "pulumi:pulumi:Stack"

Answers = Callable[["Registration"], Mapping[str, Any]]
"""What a provider would say of a resource that it made: outputs by their names in its schema, and `id`."""


class CannotRecord(Exception):
    """The program asked for what only a provider knows, or registered one URN twice; the message names it."""


@dataclass(frozen=True)
class Registration:
    """One resource as the engine was told of it.

    Other resources are named by URN, and "" is none.  `inputs` has `Secret` and `UNKNOWN` in it.
    `references` are the resources that an input's value is made of, by input.
    `custom` resources are a provider's, the others components.
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    provider: str
    dependencies: tuple[str, ...]
    protect: bool
    retain_on_delete: bool
    deleted_with: str
    ignore_changes: tuple[str, ...]
    inputs: Mapping[str, Any]
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Recording:
    """All that one program registered, by URN, without the stack itself.

    `outputs` are those that a component registered, by the component's URN; `exports` those of the stack.
    """

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)


def record(
    program: Callable[[], object],
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    preview: bool = True,
    answers: Answers | None = None,
) -> Recording:
    """Run `program` to its end, as a preview or an update, and return what it registered.

    In a preview an output that the program did not give as an input is unknown, as are all ids.  In an
    update it is absent, and ids are made up, unless `answers` has them.

    Pulumi keeps the running program's settings, configuration and root in context variables; each call
    runs in a context of its own, so that runs in one process know nothing of each other.

    Args:
        config: by full key (`mlops:cluster`), as the engine hands it over: JSON for sections.
        answers: what a provider's resources have after an update; a preview does not ask.

    Raises:
        CannotRecord: the program reads an existing resource, calls a provider's function, or registers two
            resources of one URN.
        Exception: whatever the program raises.
    """
    return contextvars.Context().run(
        _run, program, _Monitor(project, stack, None if preview else answers, preview), config
    )


class _Monitor(mocks.MockMonitor):
    """Every resource comes out as it went in; nothing else is answered.

    What of `MockMonitor` asks its mocks is replaced, so it is given none.
    """

    def __init__(self, project: str, stack: str, answers: Answers | None, preview: bool) -> None:
        self.project, self.stack, self.preview = project, stack, preview
        self.answers = answers
        self.recording = Recording()
        self._urns: set[str] = set()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        chain = "" if _is_stack(parent) else f"{parent.split('::')[2]}$"
        return f"urn:pulumi:{self.stack}::{self.project}::{chain}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:
        known: dict[str, Any] = {}
        if request.type != _STACK:
            registration = self._registration(request)
            self._add(registration)
            if self.answers is not None and request.custom:
                known.update(self.answers(registration))
        made_up = f"{request.name}-id" if request.custom and not self.preview else ""
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        identity = known.pop("id", made_up)
        outputs.update(known)
        return resource_pb2.RegisterResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name), id=identity, object=outputs
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:
        outputs = decoded(MessageToDict(request.outputs))
        if _is_stack(request.urn):
            self.recording.exports = outputs
        else:
            self.recording.outputs[request.urn] = outputs
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> NoReturn:
        raise CannotRecord(
            f"the program reads the existing resource {request.name!r} ({request.type}), which only its "
            "provider can; a program to be rendered takes such values from its settings"
        )

    def Invoke(self, request: Any) -> NoReturn:
        raise CannotRecord(
            f"the program calls {request.tok}, which only a provider can answer; a program to be rendered "
            "takes such values from its settings"
        )

    def _add(self, registration: Registration) -> None:
        if registration.urn in self._urns:
            raise CannotRecord(f"the program registers {registration.urn} twice; give each a name of its own")
        self._urns.add(registration.urn)
        self.recording.resources.append(registration)

    def _registration(self, request: Any) -> Registration:
        return Registration(
            urn=self.make_urn(request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent="" if _is_stack(request.parent) else request.parent,
            # A reference to a provider is its URN and its id.
            provider=request.provider.rpartition("::")[0],
            dependencies=tuple(sorted(request.dependencies)),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            deleted_with=request.deletedWith,
            ignore_changes=tuple(request.ignoreChanges),
            inputs=decoded(MessageToDict(request.object)),
            references={
                key: tuple(sorted(made_of.urns))
                for key, made_of in sorted(request.propertyDependencies.items())
                if made_of.urns
            },
        )


class _AtOnce(ThreadPoolExecutor):
    """Answers calls to the engine where they are made: they only record, and a thread for each costs more."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            # As of a thread: whoever waits for the answer is told.
            done.set_exception(error)
        return done


def _run(program: Callable[[], object], monitor: _Monitor, config: Mapping[str, str]) -> Recording:
    configure(
        Settings(
            project=monitor.project,
            stack=monitor.stack,
            monitor=monitor,
            engine=mocks.MockEngine(None),
            dry_run=monitor.preview,
        )
    )
    set_all_config(dict(config))

    async def main() -> None:
        program()
        await _settled()

    with asyncio.Runner() as runner:
        # Every future of a failed program tells of the one error that `run` raises.
        runner.get_loop().set_exception_handler(lambda loop, context: None)
        runner.get_loop().set_default_executor(_AtOnce())
        runner.run(stacks.run_in_stack(main))
    monitor.recording.resources.sort(key=lambda resource: resource.urn)
    return monitor.recording


async def _settled() -> None:
    """Wait for all outputs at once.

    The SDK waits for the first of them to come, and then looks at all others again, which takes the square of
    their number: half of the time of a large program.
    """
    while pending := list(SETTINGS.outputs):
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            SETTINGS.outputs.discard(task)
            await task


def _is_stack(urn: str) -> bool:
    return not urn or urn.split("::")[2] == _STACK
