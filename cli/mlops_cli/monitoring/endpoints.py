"""The endpoints that an environment's settings name."""

from __future__ import annotations

from mlops_cli.environment import Environment
from mlops_cli.errors import NotServing
from mlops_stacks.settings import EndpointSettings


def endpoint_settings(environment: Environment, name: str) -> EndpointSettings:
    """The settings of one endpoint.

    Raises:
        NotServing: there is none of that name; the message lists those there are.
    """
    for endpoint in environment.settings.endpoints:
        if endpoint.name == name:
            return endpoint
    raise NotServing.absent(environment.name, name, (each.name for each in environment.settings.endpoints))
