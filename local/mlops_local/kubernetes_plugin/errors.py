"""What can go wrong between the engine and the API server; `server` turns each into a gRPC status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlops_local.errors import LocalError


class PluginError(LocalError):
    """Base of every error the plugin raises on purpose; its text is what the user reads."""


class KubeconfigError(PluginError):
    """The kubeconfig cannot be read, or names a context, cluster or user that is not in it."""


class ClusterUnreachableError(PluginError):
    """No answer from the API server: wrong address, refused connection, or bad certificate."""


class KindNotFoundError(PluginError):
    """The API server does not serve this group, version and kind (yet)."""


class UnsupportedTypeError(PluginError):
    """A type token that this plugin refuses: lists, patches, Helm releases and the like."""


class InputError(PluginError):
    """A declared value cannot be accepted; `path` is the property, the text says what to give."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


IMMUTABLE_WORDS = ("immutable", "updates to", "may not be changed", "may not change", "cannot change")


class ApiError(PluginError):
    """The API server answered with a `Status` object: `code` is HTTP, `reason` is Kubernetes'."""

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any]) -> None:
        super().__init__(message or f"HTTP {code} {reason}".strip())
        self.code = code
        self.reason = reason
        self.details = details

    @property
    def causes(self) -> Sequence[Mapping[str, Any]]:
        """The `details.causes` of the `Status`: one entry for each field that is to blame."""
        causes: Sequence[Mapping[str, Any]] = self.details.get("causes") or ()
        return causes

    @property
    def unchangeable(self) -> Sequence[Mapping[str, Any]]:
        """Those of `causes` that name a field which no update may change."""
        return [
            cause
            for cause in self.causes
            if any(word in str(cause.get("message", "")) for word in IMMUTABLE_WORDS)
        ]

    @property
    def refuses_a_change(self) -> bool:
        """True when the object would have to be made anew."""
        return bool(self.unchangeable)


class ConflictError(PluginError):
    """Another field manager owns a field that the program sets to another value."""


class AlreadyExistsError(PluginError):
    """Create found an object that this stack did not make."""


class WaitCancelledError(PluginError):
    """The engine cancelled the operation (Ctrl-C) while the plugin was waiting."""


class NotGoneError(PluginError):
    """A deleted object is still there when time is up; the text says what keeps it."""


class PartialStateError(PluginError):
    """The object was written but is not usable; the engine keeps `state` and marks it unready."""

    def __init__(
        self,
        message: str,
        resource_id: str,
        state: Mapping[str, Any],
        reasons: Sequence[str],
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.state = dict(state)
        self.reasons = list(reasons)
        self.inputs = None if inputs is None else dict(inputs)
