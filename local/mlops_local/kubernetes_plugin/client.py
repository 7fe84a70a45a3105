"""HTTP to one API server: TLS and credentials of a kubeconfig, one pool of connections.

Below everything else in this package; used from many threads at once.
Protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from mlops_local.kubernetes_plugin.credentials import is_loopback, run_exec, tls
from mlops_local.kubernetes_plugin.discovery import Discovery, Endpoint, Kind, kind_of_object
from mlops_local.kubernetes_plugin.errors import ApiError, ClusterUnreachableError, KubeconfigError
from mlops_local.kubernetes_plugin.kubeconfig import Access

APPLY = "application/apply-patch+yaml"
REQUEST_SECONDS = 30.0
BUSY = (429, 502, 503, 504)
ATTEMPTS = 5
LONGEST_MESSAGE = 600
LONGEST_CAUSE = 160
RETRY_SECONDS = 1.0
CONNECTIONS = 64

Target = Mapping[str, Any] | tuple[str, str, str | None, str]
"""An object, or (apiVersion, kind, namespace, name)."""


class ApiClient:
    """Sends requests as the user of `access`, from any thread. Close it with `close`."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.discovery = Discovery(self.get)
        self._http: httpx.Client | None = None
        self._forgotten: list[httpx.Client] = []
        self._lock = threading.Lock()
        self._has_answered = False

    def get(self, path: str) -> dict[str, Any] | None:
        """One object or document; None when there is none."""
        try:
            return self._json("GET", path, {})
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, path: str, params: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """The items of a collection, such as `/api/v1/namespaces/x/pods` with a `labelSelector`."""
        items: list[dict[str, Any]] = self._json("GET", path, params or {}).get("items") or []
        return items

    def log_tail(self, namespace: str, pod: str, container: str, lines: int) -> str:
        """The last lines that a container wrote; empty when it has not started."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        try:
            return self._send("GET", path, {"container": container, "tailLines": str(lines)}).text
        except ApiError as error:
            if error.code in (400, 404):
                return ""
            raise

    def ask(self, path: str, params: Mapping[str, str], seconds: float) -> httpx.Response:
        """One GET and its answer as it is: for what stands behind a Service's proxy.

        It is repeated only with new credentials, where a command of the kubeconfig makes them.

        Raises:
            ClusterUnreachableError: no answer; its cause is an `httpx.TimeoutException` after `seconds`.
        """
        answer = self._read(path, params, seconds)
        if answer.status_code == 401 and self.access.exec_command:
            return self._read(path, params, seconds)
        return answer

    def _read(self, path: str, params: Mapping[str, str], seconds: float) -> httpx.Response:
        with self.stream(path, params, seconds) as response:
            response.read()
        return response

    @contextmanager
    def stream(self, path: str, params: Mapping[str, str], seconds: float) -> Iterator[httpx.Response]:
        """The same, its body not read yet; `seconds` is the longest wait for the next part of it."""
        try:
            http = self._session()
            with http.stream("GET", path, params=params, timeout=seconds) as response:
                if response.status_code == 401 and self.access.exec_command:
                    self._forget(http)
                yield response
        except httpx.TransportError as error:
            raise ClusterUnreachableError(unreachable(self.access, error)) from error

    def apply(
        self, path: str, body: Mapping[str, Any], manager: str, *, force: bool = False, dry_run: bool = False
    ) -> dict[str, Any]:
        """Server-side apply `body` as `manager`; returns the object as the server holds it."""
        params = {"fieldManager": manager, "force": "true" if force else "false"}
        if dry_run:
            params["dryRun"] = "All"
        return self._json("PATCH", path, params, json.dumps(body).encode(), APPLY)

    def delete(self, path: str, propagation: str) -> dict[str, Any]:
        """Ask for deletion and return the answer; the object may live on until its finalizers are done."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        return self._json("DELETE", path, {}, json.dumps(body).encode(), "application/json")

    def endpoint_of(self, target: Target) -> Endpoint:
        """Where the kind of `target` is served.

        Raises:
            KindNotFoundError: the API server does not serve it.
        """
        if isinstance(target, tuple):
            return self.discovery.endpoint(Kind.of(target[0], target[1]))
        return self.discovery.endpoint(kind_of_object("", target))

    def path_of(self, target: Target) -> str:
        """The path of one object."""
        endpoint = self.endpoint_of(target)
        if isinstance(target, tuple):
            return endpoint.path(target[2], target[3])
        metadata = target["metadata"]
        return endpoint.path(metadata.get("namespace"), metadata["name"])

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for http in (*self._forgotten, self._http):
                if http is not None:
                    http.close()
            self._forgotten, self._http = [], None

    def _json(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes | None = None,
        kind: str | None = None,
    ) -> dict[str, Any]:
        answer: dict[str, Any] = self._send(method, path, params, body, kind).json()
        return answer

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes | None = None,
        kind: str | None = None,
    ) -> httpx.Response:
        headers = {"Content-Type": kind} if kind else {}
        for attempt in range(1, ATTEMPTS + 1):
            http = self._session()
            try:
                response = http.request(method, path, params=params, content=body, headers=headers)
            except httpx.TransportError as error:
                # A server that has answered before is being restarted; another one is not there.
                if attempt == ATTEMPTS or not self._has_answered:
                    raise ClusterUnreachableError(unreachable(self.access, error)) from error
                time.sleep(RETRY_SECONDS)
                continue
            self._has_answered = True
            if response.status_code == 401 and self.access.exec_command and attempt == 1:
                self._forget(http)
                continue
            if response.status_code not in BUSY or attempt == ATTEMPTS:
                break
            time.sleep(retry_seconds(response.headers.get("Retry-After")))
        if response.is_error:
            raise api_error(response)
        return response

    def _session(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                self._http = self._connect()
            return self._http

    def _forget(self, http: httpx.Client) -> None:
        """Use a session no more whose short-lived token ran out; requests under way may still have it."""
        with self._lock:
            if self._http is http:
                self._forgotten.append(http)
                self._http = None

    def _connect(self) -> httpx.Client:
        access = self.access
        token, certificate, key = access.token, access.certificate, access.key
        if access.token_file:
            try:
                token = access.token_file.read_text().strip()
            except OSError as error:
                raise KubeconfigError(f"the kubeconfig's `tokenFile` cannot be read: {error}") from error
        if access.exec_command:
            token, certificate, key = run_exec(access.exec_command)
        headers = {"Accept": "application/json", "User-Agent": "mlops-kubernetes-plugin"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Client(
            base_url=access.server,
            auth=access.basic,
            headers=headers,
            verify=tls(access, certificate, key),
            timeout=REQUEST_SECONDS,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=not is_loopback(access.server),
        )


def retry_seconds(header: str | None) -> float:
    """How long a busy server asks to be left alone, at most ten seconds."""
    return min(float(header), 10.0) if header and header.isdigit() else RETRY_SECONDS


def unreachable(access: Access, error: Exception) -> str:
    """Why there was no answer, and what to look at."""
    return (
        f"the Kubernetes API server {access.server} (context {access.context!r}) is unreachable: "
        f"{str(error) or type(error).__name__}. Is the cluster up, and is the kubeconfig the right one?"
    )


def api_error(response: httpx.Response) -> ApiError:
    """The `Status` object of a failed request as an exception."""
    try:
        status = response.json()
    except ValueError:
        status = {}
    if not isinstance(status, dict) or status.get("kind") != "Status":
        status = {"message": response.text.strip()[:500], "reason": response.reason_phrase}
    return ApiError(
        response.status_code,
        str(status.get("reason", "")),
        readable(status),
        status.get("details") or {},
    )


def readable(status: Mapping[str, Any]) -> str:
    """The message of a `Status`; one that quotes whole objects is told again from its causes, cut short."""
    message, details = str(status.get("message", "")), status.get("details") or {}
    causes = details.get("causes") or ()
    if len(message) <= LONGEST_MESSAGE or not causes:
        return message
    blamed = "; ".join(f"{cause.get('field')}: {_cut(str(cause.get('message')))}" for cause in causes)
    return f'{details.get("kind")} "{details.get("name")}" is invalid: {blamed}'


def _cut(text: str) -> str:
    """The beginning, and the reason that stands behind the last colon."""
    if len(text) <= LONGEST_CAUSE:
        return text
    return f"{text[: LONGEST_CAUSE // 2]} ...: {text.rsplit(': ', 1)[-1][-LONGEST_CAUSE:]}"
