"""Failures of a pipeline: each message says what to do, each exit code tells which it was."""

from __future__ import annotations


class PipelineError(Exception):
    """Base of everything that a pipeline raises on purpose."""

    exit_code = 1


class SettingsError(PipelineError):
    """A variable is missing or malformed."""

    exit_code = 2


class Unreachable(PipelineError):
    """MLflow or the object store did not answer before the deadline."""

    exit_code = 3


class GateFailed(PipelineError):
    """The model is not good or not fair enough to be released; its run and artifact are kept."""

    exit_code = 4


class ParityError(PipelineError):
    """The exported model does not compute what the trained one does."""

    exit_code = 5


class DataError(PipelineError):
    """The data set is not what the pipeline was written for."""

    exit_code = 6
