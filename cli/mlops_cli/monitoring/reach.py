"""How the command reaches a server that watches the platform.

In the cluster by the API server's proxy of Services, with the credentials of the environment's kubeconfig;
elsewhere by its address. https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from mlops_cli.environment import Environment
from mlops_cli.errors import (
    MonitoringError,
    MonitoringTimeout,
    MonitoringUnreachable,
    NoMonitoring,
    StackFailed,
)
from mlops_local.kubernetes_plugin import kubeconfig
from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.credentials import is_loopback
from mlops_local.kubernetes_plugin.errors import ClusterUnreachableError
from mlops_local.node.layout import Layout
from mlops_stacks.settings import NAMESPACE, ExistingCluster

SYSTEM = f"{NAMESPACE}-system"
MODELS = f"{NAMESPACE}-models"
HOW_TO_GET_ONE = "Set mlops:monitoring.mode to run in stacks/Pulumi.{name}.yaml, then `mlops up {name}`"
_IN_CLUSTER = re.compile(r"(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?")


class Reach(Protocol):
    """The way to one server."""

    @property
    def where(self) -> str:
        """The server for a message; never with a password in it."""

    def get(self, path: str, params: dict[str, str], seconds: float) -> httpx.Response:
        """The server's own answer, whatever its status.

        Raises:
            NoMonitoring: there is no such server.
            MonitoringUnreachable: it does not answer.
            MonitoringTimeout: it did not within `seconds`.
        """

    def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class ServiceProxy:
    """A Service of the cluster; `port` is its number or name, with `https:` in `scheme` for TLS."""

    api: ApiClient
    environment: str
    kind: str
    namespace: str
    service: str
    port: str
    scheme: str = ""
    prefix: str = ""

    @property
    def where(self) -> str:
        """The Service."""
        return f"{self.kind} (Service {self.service}:{self.port} in namespace {self.namespace})"

    def get(self, path: str, params: dict[str, str], seconds: float) -> httpx.Response:
        """By the proxy; an error that the API server itself reports is raised."""
        name = f"{self.scheme}{self.service}:{self.port}"
        full = f"/api/v1/namespaces/{self.namespace}/services/{name}/proxy{self.prefix}{path}"
        try:
            response = self.api.ask(full, params, seconds)
        except ClusterUnreachableError as error:
            if isinstance(error.__cause__, httpx.TimeoutException):
                raise too_slow(self.where, seconds) from error
            raise MonitoringUnreachable(
                f"{error} `mlops up {self.environment}` starts a local one."
            ) from error
        if (status := _status(response)) is not None:
            raise self._refusal(response.status_code, status)
        return response

    def close(self) -> None:
        """Close the API client."""
        self.api.close()

    def _refusal(self, code: int, status: dict[str, Any]) -> MonitoringError:
        message = str(status.get("message", "")).strip()
        look = f"`kubectl -n {self.namespace} get pods` shows why"
        if code == 404:
            how = HOW_TO_GET_ONE.format(name=self.environment)
            return NoMonitoring(f"{self.environment!r} has no {self.where}. {how}.")
        if code == 401:
            return MonitoringUnreachable(
                f"the API server does not know the kubeconfig's user, so {self.where} cannot be asked: "
                f"{message}. Log in to the cluster again, or fetch its kubeconfig anew."
            )
        if code == 403:
            return MonitoringUnreachable(
                f"the kubeconfig's user may not reach {self.where}: {message}. It needs the verb get on "
                f"services/proxy in that namespace."
            )
        if code == 504:
            return MonitoringTimeout(f"{self.where} did not answer the API server: {message}. {look}.")
        return MonitoringUnreachable(
            f"{self.where} is there, but no pod of it answers: {message}. {look}; it may be starting still."
        )


class Direct:
    """A server at an address that this machine reaches; `url` may end in a path."""

    def __init__(self, kind: str, url: str) -> None:
        address = httpx.URL(url)
        self._shown = f"{kind} ({address.copy_with(userinfo=b'')})"
        self._http = httpx.Client(base_url=address, trust_env=not is_loopback(url))

    @property
    def where(self) -> str:
        """The address."""
        return self._shown

    def get(self, path: str, params: dict[str, str], seconds: float) -> httpx.Response:
        """Straight."""
        try:
            return self._http.get(path.removeprefix("/"), params=params, timeout=seconds)
        except httpx.TimeoutException as error:
            raise too_slow(self.where, seconds) from error
        except httpx.TransportError as error:
            raise MonitoringUnreachable(
                f"{self.where} does not answer: {error}. Is the address right, and reachable from here?"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def too_slow(where: str, seconds: float) -> MonitoringTimeout:
    """What to say, and to do, when there was no answer in time."""
    return MonitoringTimeout(
        f"{where} did not answer within {seconds:g} s. Try again; "
        "if it stays so, look at the memory and CPU of its pod."
    )


def api_of(environment: Environment) -> ApiClient:
    """A client of the environment's API server; close it.

    Raises:
        StackFailed: the local node was never started here.
        KubeconfigError: the kubeconfig cannot be read.
    """
    cluster = environment.settings.cluster
    if isinstance(cluster, ExistingCluster):
        return ApiClient(kubeconfig.load(cluster.kubeconfig, cluster.context))
    spec = environment.node_spec()
    file = None if spec is None else Layout(spec.home).kubeconfig
    if file is None or not file.is_file():
        name = environment.name
        raise StackFailed(f"environment {name!r} is not up: run `mlops up {name}`.")
    return ApiClient(kubeconfig.load(str(file)))


def reach(environment: Environment, kind: str, url: str) -> Reach:
    """The way to `url`: by the proxy where its host is a Service of the cluster, straight elsewhere."""
    address = httpx.URL(url)
    found = _IN_CLUSTER.fullmatch(address.host)
    if found is None:
        return Direct(kind, url)
    secure = address.scheme == "https"
    return ServiceProxy(
        api=api_of(environment),
        environment=environment.name,
        kind=kind,
        namespace=found["namespace"],
        service=found["service"],
        port=str(address.port or (443 if secure else 80)),
        scheme="https:" if secure else "",
        prefix=address.path.rstrip("/"),
    )


def _status(response: httpx.Response) -> dict[str, Any] | None:
    """The API server's own `Status`; None for an answer of what is behind it."""
    if not response.is_error:
        return None
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) and body.get("kind") == "Status" else None
