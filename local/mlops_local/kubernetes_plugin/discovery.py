"""From Pulumi type tokens to the API server's paths.

A token names group, version and kind (`kubernetes:apps/v1:Deployment`); the API server's discovery
documents say whether the kind is namespaced and which path serves it, for built-in kinds and for
custom resources alike. Only the group in question is asked for, once in the plugin's life; a kind
that is missing is asked for again, since its definition may be created meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_local.kubernetes_plugin.errors import KindNotFoundError, UnsupportedTypeError

GENERIC = "kubernetes:apiextensions.k8s.io/v1:CustomResource"
REFUSED_MODULES: Mapping[str, str] = {
    "helm.sh": "render the chart and declare its objects",
    "yaml": "declare the objects, or use the SDK's client-side `yaml.ConfigFile`",
    "kustomize": "declare the objects that the kustomization renders",
}


@dataclass(frozen=True)
class Kind:
    """Group, version and kind; the core group is the empty string."""

    group: str
    version: str
    kind: str

    @classmethod
    def of(cls, api_version: str, kind: str) -> Kind:
        """The kind of a manifest's `apiVersion` and `kind`."""
        group, _, version = api_version.rpartition("/")
        return cls("" if group == "core" else group, version, kind)

    @property
    def api_version(self) -> str:
        """As in a manifest: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.api_version}/{self.kind}"


@dataclass(frozen=True)
class Endpoint:
    """Where one kind is served."""

    kind: Kind
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str) -> str:
        """The path of one object."""
        return f"{self.collection(namespace)}/{name}"

    def collection(self, namespace: str | None) -> str:
        """The path of the kind's objects, in one namespace or in all."""
        scope = f"namespaces/{namespace}/" if self.namespaced and namespace else ""
        return f"{_root(self.kind)}/{scope}{self.plural}"


def _root(kind: Kind) -> str:
    return f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"


def kind_of_token(token: str) -> Kind:
    """The kind that a type token names.

    Raises:
        UnsupportedTypeError: not a kind: a list, a patch, a chart, or a malformed token.
    """
    module, _, name = token.removeprefix("kubernetes:").partition(":")
    group, _, version = module.partition("/")
    for prefix, advice in REFUSED_MODULES.items():
        if group == prefix or group.startswith(f"{prefix}/"):
            raise UnsupportedTypeError(f"{token} is not supported by this kubernetes plugin: {advice}")
    if not version or not name:
        raise UnsupportedTypeError(f"{token} is not kubernetes:<group>/<version>:<Kind>")
    return Kind("" if group == "core" else group, version, name)


def refuse_lists_and_patches(token: str, kind: Kind) -> None:
    """Lists and patches have tokens of their own (`PodList`, `PodPatch`) beside the kind they name.

    Raises:
        UnsupportedTypeError: with what to declare instead.
    """
    if kind.kind.endswith("List") and not _is_custom(kind):
        raise UnsupportedTypeError(f"{token} is a list; declare each object as a resource of its own")
    if token.endswith("Patch") and (not kind.kind.endswith("Patch") or not _is_custom(kind)):
        raise UnsupportedTypeError(
            f"{token} patches an object that something else created, which this plugin does not do; "
            "declare or import the whole object, or use the official plugin"
        )


def _is_custom(kind: Kind) -> bool:
    return "." in kind.group and not kind.group.endswith(".k8s.io")


def kind_of_object(token: str, manifest: Mapping[str, Any]) -> Kind:
    """The kind of a resource: what its inputs say, else what its token says."""
    api_version, name = manifest.get("apiVersion"), manifest.get("kind")
    if isinstance(api_version, str) and isinstance(name, str):
        return Kind.of(api_version, name)
    if token == GENERIC:
        raise UnsupportedTypeError("a CustomResource needs literal `apiVersion` and `kind`")
    return kind_of_token(token)


class Discovery:
    """Answers which path serves a kind, remembering each group and version; safe from many threads."""

    def __init__(self, get: Callable[[str], dict[str, Any] | None]) -> None:
        self._get = get
        self._known: dict[str, dict[str, Endpoint]] = {}
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}

    def endpoint(self, kind: Kind) -> Endpoint:
        """Where `kind` is served.

        Raises:
            KindNotFoundError: the API server does not serve it.
        """
        found = self._known.get(kind.api_version, {}).get(kind.kind)
        if found:
            return found
        with self._lock:
            asking = self._asking.setdefault(kind.api_version, threading.Lock())
        with asking:
            known = self._known.get(kind.api_version, {})
            if kind.kind not in known:
                known = self._ask(kind)
                self._known[kind.api_version] = known
        if kind.kind not in known:
            raise KindNotFoundError(missing(kind))
        return known[kind.kind]

    def _ask(self, kind: Kind) -> dict[str, Endpoint]:
        document = self._get(_root(kind)) or {}
        return {
            entry["kind"]: Endpoint(
                Kind(kind.group, kind.version, entry["kind"]), entry["name"], bool(entry["namespaced"])
            )
            for entry in document.get("resources", ())
            if "/" not in entry["name"]
        }


def missing(kind: Kind) -> str:
    """What to do about a kind that the API server does not serve."""
    return (
        f"the API server does not serve {kind}. If it is a custom resource, create its "
        "CustomResourceDefinition first (`depends_on`); otherwise check `apiVersion` and `kind`."
    )
