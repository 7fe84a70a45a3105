"""Runs an environment's program on the recording engine."""

from __future__ import annotations

import sysconfig
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pulumi
import yaml

from mlops_cli.errors import InvalidSettings, ProgramFailed
from mlops_cli.render import placeholders
from mlops_cli.render.source import Source
from mlops_stacks import program
from mlops_stacks.errors import SettingsError
from mlops_stacks.recording import CannotRecord, Document, Recording, document_of, engine, record
from mlops_stacks.settings import NAMESPACE

_NOT_THE_PROGRAM = (
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
    str(Path(engine.__file__).parent),
    __file__,
)


def render(source: Source, main: Callable[[], object] = program.main) -> Document:
    """What the environment's program registers, as a preview would show it on an empty stack.

    Args:
        source: the values; they passed the settings' checks.
        main: the program.

    Raises:
        InvalidSettings: the program refused the settings.
        ProgramFailed: the program raised something else; the message names it and its place.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-render-") as folder:
        kubeconfig = Path(folder, "kubeconfig")
        kubeconfig.write_text(yaml.safe_dump(placeholders.kubeconfig(placeholders.context_of(source.config))))
        values = placeholders.completed(source.config, source.images, str(kubeconfig))
        recording = _recorded(source, main, placeholders.as_engine_config(values))
    shown = document_of(source.environment, recording, ())
    return shown.model_copy(
        update={"placeholders": placeholders.used(shown.model_dump_json(), source.config)}
    )


def _recorded(source: Source, main: Callable[[], object], config: dict[str, str]) -> Recording:
    try:
        return record(main, project=NAMESPACE, stack=source.environment, config=config)
    except SettingsError as error:
        raise InvalidSettings(f"{source.file}: {error}") from error
    except CannotRecord as error:
        raise ProgramFailed(f"the program of environment {source.environment!r}: {error}") from error
    except Exception as error:
        raise ProgramFailed(
            f"the program of environment {source.environment!r} raised {type(error).__name__}: "
            f"{_message(error)}{_place(error)}"
        ) from error


def _message(error: Exception) -> str:
    if isinstance(error, pulumi.InputPropertyError):
        return f"{error.property_path}: {error.reason}"
    return str(error)


def _place(error: Exception) -> str:
    """File, line and function of the program's innermost part in the trace; "" when none of it is there."""
    frames = traceback.extract_tb(error.__traceback__)
    programs = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_PROGRAM)]
    return f"\n  at {programs[-1].filename}:{programs[-1].lineno} in {programs[-1].name}" if programs else ""
