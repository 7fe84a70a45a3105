"""Failures of the local platform. Each message says what was wrong and what to do next."""


class LocalError(Exception):
    """Base of everything that `mlops_local` raises on purpose; `exit_code` is the command's."""

    exit_code = 1


class PreflightError(LocalError):
    """The machine cannot run the node; nothing was changed."""

    exit_code = 3


class ToolchainError(LocalError):
    """A program could not be built from its pinned Go modules."""

    exit_code = 4


class NodeError(LocalError):
    """The Kubernetes node did not start, stop or become ready."""

    exit_code = 5


class ImageError(LocalError):
    """An image could not be built or pushed."""

    exit_code = 6


class EngineError(LocalError):
    """The Pulumi engine could not be found, built or run."""

    exit_code = 7
