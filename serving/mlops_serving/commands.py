"""The commands for hand-work with a folder of artifacts: no object store, no release log, no cluster.

    mlops-serving serve FOLDER      answer requests with what lies there
    mlops-serving check FOLDER      say whether it could, and what would be served

Heavy modules are imported by the command that needs them, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlops_serving.logs import set_up

if TYPE_CHECKING:
    from mlops_serving.artifact import Manifest, Tensor

_LONGEST_BODY: Final = 4000
"""Characters of a request that still fit a line one would paste into a terminal."""


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says; the exit code. Raises `ServingError`; argparse exits for usage."""
    set_up("info", "text")
    options = _parser().parse_args(arguments)
    folder: Path = options.folder.resolve()
    if options.command == "check":
        from mlops_serving.check import check

        report, sound = check(folder, options.allow_code)
        sys.stdout.write(report)
        return 0 if sound else 1
    return _serve(folder, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlops-serving",
        description="Serve models by the Open Inference Protocol. Without arguments the server is configured "
        "by MLOPS_ environment variables, as in its container.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("folder", type=Path, help="an artifact, or artifacts as <name>/<version>/")
    both.add_argument(
        "--allow-code", action="store_true", help="let pickles and Python classes in FOLDER run their code"
    )
    serve = commands.add_parser("serve", parents=[both], help="serve the newest version of each model")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8080, help="for clients (default: %(default)s)")
    serve.add_argument("--admin-port", type=int, default=8081, help="for metrics (default: %(default)s)")
    serve.add_argument("--workers", type=int, default=1, help="processes (default: %(default)s)")
    commands.add_parser("check", parents=[both], help="load the models, check their answers, describe them")
    return parser


def _serve(folder: Path, options: argparse.Namespace) -> int:
    from mlops_serving.folder import find_artifacts, read_manifest
    from mlops_serving.settings import read_settings
    from mlops_serving.supervisor import supervise

    artifacts = [(read_manifest(path), path) for path in find_artifacts(folder)]
    # The workers read the same environment.
    os.environ.update(serve_environment(artifacts, options))
    os.environ.setdefault("MLOPS_LOG_FORMAT", "text")
    settings = read_settings(os.environ)
    set_up(settings.log_level, settings.log_format)
    for manifest, _ in artifacts:
        sys.stdout.write(first_prediction(manifest, f"http://{options.host}:{options.port}"))
    sys.stdout.flush()
    return supervise(settings)


def serve_environment(
    artifacts: Sequence[tuple[Manifest, Path]], options: argparse.Namespace
) -> dict[str, str]:
    """The server's settings for these artifacts; those not named here stay as the environment has them."""
    import orjson

    models = [
        {"name": manifest.name, "endpoint": manifest.name, "version": manifest.version, "folder": str(path)}
        for manifest, path in artifacts
    ]
    allowed = [manifest.name for manifest, _ in artifacts] if options.allow_code else []
    return {
        "MLOPS_MODELS": orjson.dumps(models).decode(),
        "MLOPS_ALLOW_CODE": orjson.dumps(allowed).decode(),
        "MLOPS_HTTP_HOST": options.host,
        "MLOPS_HTTP_PORT": str(options.port),
        "MLOPS_ADMIN_PORT": str(options.admin_port),
        "MLOPS_WORKERS": str(options.workers),
    }


def first_prediction(manifest: Manifest, url: str) -> str:
    """A line that asks the model for one row of its golden inputs, under a line that says so."""
    import orjson

    from mlops_serving.protocol.requests import signature

    by_rows = signature(manifest.inputs, manifest.outputs).batchable
    inputs = [_one_row(tensor) if by_rows else tensor.model_dump() for tensor in manifest.golden.inputs]
    title = f"{manifest.name} version {manifest.version}, when it is loaded:\n"
    body = orjson.dumps({"inputs": inputs}).decode()
    if len(body) > _LONGEST_BODY:
        return f"{title}  its golden inputs are too long for a line; they are in manifest.json\n"
    return f"{title}  curl {url}/v2/models/{manifest.name}/infer -d {shlex.quote(body)}\n"


def _one_row(tensor: Tensor) -> Mapping[str, Any]:
    """The first row of a tensor, as a request has it."""
    rows = max(1, tensor.shape[0])
    values = tensor.data[: len(tensor.data) // rows]
    shape = (min(1, tensor.shape[0]), *tensor.shape[1:])
    return tensor.model_copy(update={"shape": shape, "data": values}).model_dump()
