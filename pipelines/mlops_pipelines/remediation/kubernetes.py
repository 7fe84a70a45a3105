"""The two requests to the API server that retraining takes: create a Job, and list the Jobs there are."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from mlops_pipelines.errors import PipelineError
from mlops_pipelines.remediation.settings import KubernetesSettings

MOST_JOBS = 500
Object = dict[str, Any]


class KubernetesError(PipelineError):
    """The API server refused, or did not answer in time."""


class Kubernetes:
    """A client with this pod's token, which is read anew for each request: the kubelet renews it."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._settings = settings

    def create_job(self, manifest: Object) -> bool:
        """Create a Job; False if there is one of its name already."""
        answer = self._ask("POST", manifest["metadata"]["namespace"], manifest)
        if answer.status_code == httpx.codes.CONFLICT:
            return False
        _check(answer)
        return True

    def jobs(self, namespace: str, labels: Mapping[str, str]) -> list[Object]:
        """The Jobs of a namespace that have these labels.

        Raises:
            KubernetesError: the API server refused or did not answer, or there are more than MOST_JOBS.
        """
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        answer = self._ask("GET", namespace, params={"limit": str(MOST_JOBS), "labelSelector": selector})
        _check(answer)
        found = answer.json()
        if found.get("metadata", {}).get("continue"):
            raise KubernetesError(
                f"namespace {namespace} has more than {MOST_JOBS} Jobs {selector}; "
                "delete those that have ended"
            )
        return list(found.get("items") or [])

    def _ask(
        self,
        method: str,
        namespace: str,
        body: Object | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        path = f"/apis/batch/v1/namespaces/{quote(namespace, safe='')}/jobs"
        url, folder = self._settings.url, self._settings.folder
        try:
            token = (folder / "token").read_text().strip()
            with httpx.Client(verify=_trust(folder), timeout=self._settings.timeout_seconds) as client:
                headers = {"Authorization": f"Bearer {token}"}
                return client.request(method, f"{url}{path}", params=params, json=body, headers=headers)
        except (httpx.HTTPError, OSError) as error:
            raise KubernetesError(f"the API server at {url} cannot be asked: {_short(error)}") from error


def _trust(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "ca.crt")


def _check(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise KubernetesError(
            f"the API server refused {answer.request.method} {answer.request.url.path} with status "
            f"{answer.status_code}: {_message(answer)}"
        )


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:300]
