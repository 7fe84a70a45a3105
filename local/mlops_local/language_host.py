"""Stand-in for `pulumi-language-python`: runs a project's program and plugins for the Pulumi engine.

The engine starts it with its own address as the last argument and reads the port from the first
line of standard output (pulumi/sdk proto: `pulumirpc.LanguageRuntime`). Programs run in this very
process, on the interpreter that the stand-in was started with; plugins (policy packs, component
providers) run as processes of their own, whose output is passed on.
"""

from __future__ import annotations

import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import grpc
import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
PARENT_CHECK_SECONDS = 0.5
STOP_GRACE_SECONDS = 10.0


class LanguageHost(LanguageServer):
    """The language runtime service over the SDK's own way to run an inline program."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Handshake(self, request: Any, context: Any) -> Any:
        """Nothing to agree on: the engine's address comes again with every run."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The stand-in has the version of the SDK that it is built on."""
        return plugin_pb2.PluginInfo(version=_sdk_version())

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """For `pulumi about`: the SDK is what every program here has in common."""
        dependency = language_pb2.DependencyInfo(name="pulumi", version=_sdk_version())
        return language_pb2.GetProgramDependenciesResponse(dependencies=[dependency])

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Dependencies come from the workspace's lock (`uv sync`), never from the engine."""
        yield language_pb2.InstallDependenciesResponse(
            stdout=b"dependencies come from uv.lock: run `uv sync`\n"
        )

    def Run(self, request: Any, context: Any) -> Any:
        """Run the project's program; an error is shown once, by the traceback of the program's own frames."""
        wrong = wrong_interpreter(request.info, sys.prefix)
        if wrong:
            return language_pb2.RunResponse(error=wrong)
        folder = Path(request.info.program_directory)
        entry = folder / request.info.entry_point
        self.program = lambda: run_program(folder, entry if entry.is_file() else folder)
        response: Any = super().Run(request, context)  # type: ignore[no-untyped-call]
        # The SDK has logged the error already; sending it back would print it a second time.
        return language_pb2.RunResponse(bail=True) if response.error else response

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a plugin's folder with this interpreter, passing on its output and exit code."""
        command = [sys.executable, "-u", request.info.program_directory, *request.args]
        environment = {**os.environ, **dict(pair.split("=", 1) for pair in request.env)}
        process = subprocess.Popen(
            command, cwd=request.pwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        context.add_callback(process.kill)
        for name, chunk in _merged(process):
            part: dict[str, Any] = {name: chunk}
            yield language_pb2.RunPluginResponse(**part)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def run_program(folder: Path, entry: Path) -> None:
    """Run a Pulumi program as `python <entry>` would, from its folder.

    Raises:
        pulumi.RunError: the program raised; the text is its traceback without this module's frames.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        runpy.run_path(str(entry), run_name="__main__")
    except pulumi.RunError:
        raise
    except Exception as error:
        raise pulumi.RunError(program_traceback(error)) from error


def program_traceback(error: BaseException) -> str:
    """The traceback from the program's first frame on: what comes before is the host's business."""
    frames = traceback.extract_tb(error.__traceback__)
    machinery = (__file__, runpy.__file__, "<frozen runpy>")
    shown = traceback.StackSummary.from_list([frame for frame in frames if frame.filename not in machinery])
    described = "".join(traceback.format_exception_only(error))
    return f"Program failed with an unhandled exception:\n{''.join(shown.format())}{described}".rstrip()


def wrong_interpreter(info: Any, prefix: str) -> str | None:
    """Why this interpreter must not run the project, or None.

    A project names its virtual environment in Pulumi.yaml (`runtime.options.virtualenv`), relative
    to the project's root.
    """
    options = dict(info.options) if info.options else {}
    named = options.get("virtualenv")
    if not named:
        return None
    wanted = (Path(info.root_directory) / str(named)).resolve()
    if wanted == Path(prefix).resolve():
        return None
    return (
        f"the project asks for the virtual environment {wanted}, but this language host runs in {prefix}.\n"
        "Run `mlops engine` from that environment, or install the official pulumi-language-python."
    )


def _merged(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, bytes]]:
    """Chunks of standard output and standard error as they come, until both end."""
    chunks: queue.Queue[tuple[str, bytes]] = queue.Queue()

    def pump(name: str, stream: IO[bytes]) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            chunks.put((name, chunk))
        chunks.put((name, b""))

    streams = {"stdout": process.stdout, "stderr": process.stderr}
    for name, stream in streams.items():
        if stream is not None:
            threading.Thread(target=pump, args=(name, stream), daemon=True).start()
    open_streams = len(streams)
    while open_streams:
        name, chunk = chunks.get()
        if chunk:
            yield name, chunk
        else:
            open_streams -= 1


def _sdk_version() -> str:
    from importlib.metadata import version

    return version("pulumi")


def main() -> None:
    """Serve until the engine that started this process is gone."""
    engine = os.getppid()
    limits = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while os.getppid() == engine and not stopped.wait(PARENT_CHECK_SECONDS):
        pass
    # A program that is still running when its user presses Ctrl-C may finish what the engine allows it.
    server.stop(grace=STOP_GRACE_SECONDS).wait()


if __name__ == "__main__":
    main()
