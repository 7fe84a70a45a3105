"""What every request of a configured plugin shares: the cluster, the settings, the way to report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.discovery import Endpoint, Kind
from mlops_local.kubernetes_plugin.errors import ApiError, KindNotFoundError
from mlops_local.kubernetes_plugin.progress import Progress
from mlops_local.kubernetes_plugin.settings import Settings
from mlops_local.kubernetes_plugin.values import Tree

PREREQUISITE_SECONDS = 10.0
PREREQUISITE_PAUSE_SECONDS = 0.5

Result = TypeVar("Result")


@dataclass
class Session:
    """A plugin that knows its cluster. Used from many threads."""

    client: ApiClient
    settings: Settings
    progress: Progress
    cancel: threading.Event = field(default_factory=threading.Event)
    declared_scopes: dict[tuple[str, str], bool] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        return self.settings.namespace or self.client.access.namespace

    def cancelled(self) -> bool:
        """True once the engine has asked for an end."""
        return self.cancel.is_set()

    def log_for(self, urn: str) -> Callable[[str], None]:
        """Shows a passing status beside one resource."""
        return lambda text: self.progress.status(urn, text)

    def note_definition(self, declared: Mapping[str, Any]) -> None:
        """Remember the scope of a kind that this program defines, for the time before it exists."""
        spec = declared.get("spec")
        if declared.get("kind") != "CustomResourceDefinition" or not isinstance(spec, dict):
            return
        names, scope = spec.get("names"), spec.get("scope")
        if isinstance(names, dict) and isinstance(scope, str):
            self.declared_scopes[str(spec.get("group")), str(names.get("kind"))] = scope == "Namespaced"

    def is_namespaced(self, kind: Kind) -> bool:
        """Whether objects of the kind live in namespaces; assumed so for one that is not there yet."""
        try:
            return self.client.discovery.endpoint(kind).namespaced
        except KindNotFoundError:
            return self.declared_scopes.get((kind.group, kind.kind), True)

    def patiently(self, attempt: Callable[[], Result]) -> Result:
        """Try until the kind and the namespace exist: both may be on their way in the same update."""
        deadline = time.monotonic() + PREREQUISITE_SECONDS
        while True:
            try:
                return attempt()
            except (KindNotFoundError, ApiError) as error:
                late = time.monotonic() >= deadline or self.cancelled()
                if late or not is_missing_prerequisite(error):
                    raise
            time.sleep(PREREQUISITE_PAUSE_SECONDS)


def is_missing_prerequisite(error: Exception) -> bool:
    """True when the kind or the namespace of an object does not exist (yet)."""
    if isinstance(error, KindNotFoundError):
        return True
    return isinstance(error, ApiError) and error.code == 404


def placed(sent: Tree, endpoint: Endpoint) -> tuple[Tree, str]:
    """The object without a namespace if its kind has none, and its path."""
    metadata = dict(sent["metadata"])
    if not endpoint.namespaced:
        metadata.pop("namespace", None)
    return {**sent, "metadata": metadata}, endpoint.path(metadata.get("namespace"), metadata["name"])
