"""A `pulumi-language-python`: runs Pulumi programs and policy packs written in Python.

The engine starts it as `pulumi-language-python [flags] <engine address>`, reads one port number
from standard output and speaks `pulumirpc.LanguageRuntime` to it. A program whose `Pulumi.yaml`
names the interpreter that runs this host runs inside this process, which saves a start of Python;
one with its own virtual environment runs in a child of that environment. For the child's sake this
file needs nothing but the `pulumi` package and the standard library.

Protocol: https://pulumi-developer-docs.readthedocs.io (proto/pulumi/language.proto).
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import runpy
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi import RunError
from pulumi.automation._server import LanguageServer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

CHILD_FLAG = "--run-program"
PARENT_CHECK_SECONDS = 1.0


class LanguageHost(LanguageServer):
    """The service; `Run` and `RunPlugin` do the work, the rest describes the interpreter."""

    def __init__(self) -> None:
        super().__init__(program=lambda: None)
        self._children: list[subprocess.Popen[bytes]] = []

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.AboutResponse(
            executable=interpreter(request.info), version=platform.python_version()
        )

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = {item.name: item.version for item in metadata.distributions()}
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in sorted(found.items())
            ]
        )

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Installs nothing: the environment that `info` names must be there already."""
        try:
            python = interpreter(request.info)
        except RuntimeError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        line = f"using {python} as it is; the stand-in for pulumi-language-python installs nothing\n"
        yield language_pb2.InstallDependenciesResponse(stdout=line.encode())

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        for child in self._children:
            child.terminate()
        return empty_pb2.Empty()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = interpreter(request.info)
        if not same_interpreter(python):
            return self._run_in_child(python, request)
        self.program = program_of(request.info)
        with working_directory(request.info.program_directory):
            sdk: Any = super()
            return already_reported(sdk.Run(request, context))

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        if request.info.entry_point not in ("", ".") or not request.info.program_directory:
            target = str(Path(request.info.program_directory) / request.info.entry_point)
        else:
            target = request.info.program_directory
        environment = dict(item.split("=", 1) for item in request.env) or dict(os.environ)
        child = self._spawn(
            [interpreter(request.info), "-u", target, *request.args],
            cwd=request.pwd or request.info.program_directory,
            env=environment,
        )
        # The engine ends a plugin by hanging up, and hangs up too when it is killed.
        if not context.add_callback(child.terminate):
            child.terminate()
        yield from stream(child)

    def _run_in_child(self, python: str, request: Any) -> Any:
        child = self._spawn([python, "-u", str(Path(__file__)), CHILD_FLAG], stdin=subprocess.PIPE)
        forward = threading.Thread(target=forward_output, args=(child,), daemon=True)
        if child.stdin is None or child.stderr is None:
            raise RuntimeError("the child's pipes are missing")
        child.stdin.write(request.SerializeToString())
        child.stdin.close()
        forward.start()
        complaint = child.stderr.read().decode(errors="replace")
        code = child.wait()
        forward.join()
        if code == 0:
            return language_pb2.RunResponse()
        if code == 32:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"{python} ended with exit code {code}\n{complaint}".strip())

    def _spawn(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self._children.append(child)
        return child


def interpreter(info: Any) -> str:
    """Path of the Python that `info`'s program asks for with `runtime.options.virtualenv`.

    Raises:
        RuntimeError: the named virtual environment has no interpreter.
    """
    options: Mapping[str, Any] = json_format.MessageToDict(info.options) if info.HasField("options") else {}
    named = options.get("virtualenv")
    if not named:
        return sys.executable
    folder = Path(info.root_directory, str(named)).expanduser()
    found = next(
        (path for path in (folder / "bin/python", folder / "Scripts/python.exe") if path.exists()), None
    )
    if found is None:
        raise RuntimeError(
            f"runtime.options names the virtual environment {folder}, which has no Python. "
            "Create it (`uv venv`, `uv sync`) or remove `virtualenv`."
        )
    return str(found)


def same_interpreter(python: str) -> bool:
    """True when `python` belongs to the environment that runs this process."""
    return Path(python).parent.resolve() == Path(sys.executable).parent.resolve()


def program_of(info: Any) -> Callable[[], None]:
    """A callable that runs the program of `info` as `__main__`, its errors made readable.

    The callable raises `pulumi.RunError` holding the traceback from the program's first frame on.
    """
    folder = Path(info.program_directory)
    target = str(folder / info.entry_point) if info.entry_point not in ("", ".") else str(folder)

    def run() -> None:
        sys.argv = [target]
        try:
            runpy.run_path(target, run_name="__main__")
        except RunError:
            raise
        except SystemExit as stop:
            if stop.code not in (None, 0):
                raise RunError(f"the program ended itself: {stop.code}") from None
        except BaseException as error:
            raise RunError(readable(error, folder)) from None

    return run


def readable(error: BaseException, folder: Path) -> str:
    """The traceback of `error` without the frames that lead to the program in `folder`."""
    frame = error.__traceback__
    while frame is not None and not Path(frame.tb_frame.f_code.co_filename).is_relative_to(folder):
        frame = frame.tb_next
    lines = traceback.format_exception(type(error), error, frame)
    return "the program failed with an unhandled exception:\n" + "".join(lines).rstrip()


def already_reported(response: Any) -> Any:
    """The SDK logs an error before it returns it; `bail` keeps the engine from printing it twice."""
    return language_pb2.RunResponse(bail=True) if response.error else response


@contextlib.contextmanager
def working_directory(folder: str) -> Iterator[None]:
    """Run with `folder` as the working directory and the first place to import from."""
    before, path = Path.cwd(), list(sys.path)
    os.chdir(folder)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path


def stream(child: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Yield what `child` writes as it comes, then its exit code."""
    pending: futures.Future[int] = futures.Future()
    lines: list[Any] = []
    fresh = threading.Condition()

    def pump(field: str, source: Any) -> None:
        for chunk in iter(lambda: source.read1(65536), b""):
            with fresh:
                lines.append(language_pb2.RunPluginResponse(**{field: chunk}))
                fresh.notify()

    pumps = [
        threading.Thread(target=pump, args=pair, daemon=True)
        for pair in (("stdout", child.stdout), ("stderr", child.stderr))
    ]

    def wait() -> None:
        for each in pumps:
            each.join()
        with fresh:
            pending.set_result(child.wait())
            fresh.notify()

    for each in [*pumps, threading.Thread(target=wait, daemon=True)]:
        each.start()
    while True:
        with fresh:
            fresh.wait_for(lambda: lines or pending.done())
            ready, lines[:] = list(lines), []
            finished = pending.done()
        yield from ready
        if finished:
            yield language_pb2.RunPluginResponse(exitcode=pending.result())
            return


def forward_output(child: subprocess.Popen[bytes]) -> None:
    """Copy the child's standard output to ours, which the engine shows as messages."""
    if child.stdout is None:
        return
    for chunk in iter(partial(os.read, child.stdout.fileno(), 65536), b""):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def run_child() -> int:
    """Run the program of the `RunRequest` on standard input; exit code 32 means: error reported."""
    request = language_pb2.RunRequest.FromString(sys.stdin.buffer.read())
    host: Any = LanguageServer(program_of(request.info))
    with working_directory(request.info.program_directory):
        response = host.Run(request, None)
    return 32 if response.error else 0


def serve() -> None:
    """Serve until the engine ends this process."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine = os.getppid()
    with contextlib.suppress(KeyboardInterrupt):
        # An engine that was killed cannot end this process, which then belongs to somebody else.
        while server.wait_for_termination(PARENT_CHECK_SECONDS) and os.getppid() == engine:
            pass


def main() -> int:
    """Entry of `python -m mlops_local.language_host`."""
    if sys.argv[1:] == [CHILD_FLAG]:
        return run_child()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
