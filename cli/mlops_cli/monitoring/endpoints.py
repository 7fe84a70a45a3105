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
    known = ", ".join(endpoint.name for endpoint in environment.settings.endpoints) or "none"
    raise NotServing(f"environment {environment.name!r} has no endpoint {name!r}; it has: {known}")
