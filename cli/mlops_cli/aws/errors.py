"""Failures of the commands that talk to AWS, each with the exit code that the shell sees."""

from __future__ import annotations

from mlops_cli.errors import CommandError


class AwsRefused(CommandError):
    """Credentials, account, permission or a name stands in the way; the refused call changed nothing."""

    exit_code = 20


class BackendDrifted(CommandError):
    """`--check`: the state backend is not as bootstrap would leave it."""

    exit_code = 21


class ChecksFailed(CommandError):
    """A check of `mlops doctor aws` failed."""

    exit_code = 22


class DestroyRefused(CommandError):
    """The environment is protected; nothing was deleted."""

    exit_code = 23


class LeftBehind(CommandError):
    """The stack is gone, and the account still holds resources with the environment's tag."""

    exit_code = 24
