"""Failures of the `mlops` command itself, each with the exit code that the shell sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self


class CommandError(Exception):
    """Base: a message for a person, and an exit code."""

    exit_code = 1


class UnknownEnvironment(CommandError):
    """No stacks/Pulumi.<name>.yaml for the name that was given."""

    exit_code = 2


class InvalidSettings(CommandError):
    """The environment's values do not satisfy the settings model."""

    exit_code = 2


class EnvironmentBusy(CommandError):
    """Another command is changing the environment."""

    exit_code = 8


class StackFailed(CommandError):
    """The Pulumi engine reported a failure."""

    exit_code = 9


class NotServing(CommandError):
    """An endpoint is absent, not ready, or answered with an error."""

    exit_code = 10

    @classmethod
    def absent(cls, environment: str, name: str, known: Iterable[str]) -> Self:
        """An environment has no endpoint of this name; it has the `known`."""
        return cls(
            f"environment {environment!r} has no endpoint {name!r}; it has: {', '.join(known) or 'none'}"
        )


class RequestRefused(NotServing):
    """An endpoint serves, and its model does not take this request."""


class ProgramFailed(CommandError):
    """The environment's Pulumi program raised an error while it was rendered."""


class UnknownResource(CommandError):
    """The rendered environment has no resource of the name that was given."""

    exit_code = 2


class CannotPrice(CommandError):
    """There is no estimate, or the budget is below it."""

    exit_code = 13


class PriceListUnreachable(CommandError):
    """AWS's public price list did not come, or not whole."""

    exit_code = 14


class BadPolicyInput(CommandError):
    """A manifest, a configuration of policies, or a kubeconfig cannot be read."""

    exit_code = 2


class PolicyBroken(CommandError):
    """Objects break a mandatory policy, or an exemption is past its day."""

    exit_code = 15


class ClusterUnreadable(CommandError):
    """The API server did not give the objects that policies are about."""


class UnknownFeature(CommandError):
    """The endpoint has no such feature among those that are watched."""

    exit_code = 2


class PageFires(CommandError):
    """An alert of severity `page` fires, and nobody has silenced it."""

    exit_code = 11


class MonitoringError(CommandError):
    """Prometheus or Alertmanager did not give what was asked for."""

    exit_code = 12


class NoMonitoring(MonitoringError):
    """The environment has none."""


class MonitoringUnreachable(MonitoringError):
    """There should be one, and it does not answer, or not as such a server does."""


class MonitoringTimeout(MonitoringError):
    """No answer in time."""


class BadQuery(MonitoringError):
    """Prometheus cannot evaluate the query."""
