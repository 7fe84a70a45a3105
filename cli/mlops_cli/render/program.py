"""Runs an environment's program on the recording engine."""

from __future__ import annotations

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
from mlops_stacks.recording import CannotRecord, Document, Recording, document, record
from mlops_stacks.settings import NAMESPACE


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
    shown = document(source.environment, recording, ())
    return shown.model_copy(update={"placeholders": placeholders.used(shown.model_dump_json())})


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
            f"{_message(error)}\n  at {_place(error)}"
        ) from error


def _message(error: Exception) -> str:
    if isinstance(error, pulumi.InputPropertyError):
        return f"{error.property_path}: {error.reason}"
    return str(error)


def _place(error: Exception) -> str:
    """Where it was raised: file, line and function."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno} in {frame.name}"
