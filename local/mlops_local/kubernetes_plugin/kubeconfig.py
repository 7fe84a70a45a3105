"""Reads a kubeconfig: which server, trusted by which authority, as which user.

Comes before `client`; does no network traffic. Format:
https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mlops_local.kubernetes_plugin.errors import KubeconfigError


@dataclass(frozen=True)
class ExecCommand:
    """A program that prints an `ExecCredential`, as cloud clusters use."""

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    api_version: str = "client.authentication.k8s.io/v1"


@dataclass(frozen=True)
class Access:
    """Everything needed to reach one API server as one user; secrets are kept out of `repr`."""

    server: str
    context: str
    namespace: str = "default"
    authority: bytes | None = None
    verify: bool = True
    server_name: str | None = None
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    basic: tuple[str, str] | None = field(default=None, repr=False)
    exec_command: ExecCommand | None = None


def load(given: str | None, context: str | None = None) -> Access:
    """Read `given` (kubeconfig text or a path) or, without it, KUBECONFIG or ~/.kube/config.

    Raises:
        KubeconfigError: not found, not a kubeconfig, or the context's parts are missing.
    """
    text, folder = _read(given)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KubeconfigError(f"the kubeconfig is not YAML: {error}") from error
    if not isinstance(content, dict) or not content.get("clusters"):
        raise KubeconfigError(
            "the provider's `kubeconfig` is neither the text of a kubeconfig nor the path of one; "
            "give a file such as ~/.kube/config, or its contents"
        )
    return _access(content, context, folder)


def _read(given: str | None) -> tuple[str, Path]:
    if given is not None and ((":" in given and "\n" in given) or given.lstrip().startswith("{")):
        return given, Path.cwd()
    named = given or os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or "~/.kube/config"
    path = Path(named).expanduser()
    try:
        return path.read_text(), path.parent
    except OSError as error:
        raise KubeconfigError(
            f"cannot read the kubeconfig {path}: {error.strerror or error}. "
            "Set the provider's `kubeconfig` to a readable file or to the kubeconfig's text."
        ) from error


def _access(content: Mapping[str, Any], wanted: str | None, folder: Path) -> Access:
    name = wanted or content.get("current-context")
    if not name:
        raise KubeconfigError("the kubeconfig has no current-context; set the provider's `context`")
    context = _named(content, "contexts", "context", name)
    cluster = _named(content, "clusters", "cluster", str(context.get("cluster", "")))
    user = _named(content, "users", "user", str(context["user"])) if context.get("user") else {}
    if not cluster.get("server"):
        raise KubeconfigError(f"cluster {context.get('cluster')!r} of the kubeconfig has no `server`")
    return Access(
        server=str(cluster["server"]).rstrip("/"),
        context=str(name),
        namespace=str(context.get("namespace") or "default"),
        authority=_bytes(cluster, "certificate-authority", folder),
        verify=not cluster.get("insecure-skip-tls-verify", False),
        server_name=cluster.get("tls-server-name"),
        certificate=_bytes(user, "client-certificate", folder),
        key=_bytes(user, "client-key", folder),
        token=user.get("token"),
        token_file=folder / str(user["tokenFile"]) if user.get("tokenFile") else None,
        basic=(str(user["username"]), str(user.get("password", ""))) if user.get("username") else None,
        exec_command=_exec(user.get("exec")),
    )


def _named(content: Mapping[str, Any], section: str, key: str, name: str) -> Mapping[str, Any]:
    entries = {str(entry.get("name")): entry.get(key) or {} for entry in content.get(section) or []}
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise KubeconfigError(f"the kubeconfig has no {key} {name!r}; it has: {known}")
    found: Mapping[str, Any] = entries[name]
    return found


def _bytes(section: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data)
    if not (path := section.get(name)):
        return None
    try:
        return (folder / str(path)).expanduser().read_bytes()
    except OSError as error:
        raise KubeconfigError(f"the kubeconfig's `{name}` cannot be read: {error}") from error


def _exec(section: Mapping[str, Any] | None) -> ExecCommand | None:
    if not section:
        return None
    return ExecCommand(
        command=str(section["command"]),
        args=tuple(str(item) for item in section.get("args") or ()),
        env=tuple((str(item["name"]), str(item["value"])) for item in section.get("env") or ()),
        api_version=str(section.get("apiVersion", ExecCommand.api_version)),
    )
