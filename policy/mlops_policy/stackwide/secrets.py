"""What stands where anybody can read it, and where nothing should stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pydantic import Field

from mlops_policy.kubernetes.objects import (
    CONFIG_MAP,
    NETWORK_POLICY,
    SERVICE,
    WORKLOADS,
    containers,
    namespace_of,
)
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.views import MISSING, View

_NAMES: Final = re.compile(
    r"(?i)(^|[_.-])(password|passwd|passphrase|token|secret|credentials?|api_?key|access_key|secret_key"
    r"|private_key|signing_key|hash_key|session_key|client_secret)$"
)
"""Names that say that the value is one to hide; AWS_ACCESS_KEY_ID and FOO_TOKEN_FILE are none."""
_VALUES: Final = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("an access key of AWS", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@$]+:[^\s/@$]+@")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b")),
    ("a JSON web token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
)
_OPTION: Final = re.compile(r"^--?[\w-]*(?:password|passwd|token|secret|api-key)=(?P<value>[^$].*)$")
_NAMESPACED: Final = (
    *WORKLOADS,
    SERVICE,
    "kubernetes:core/*:ServiceAccount",
    CONFIG_MAP,
    "kubernetes:core/*:Secret",
    "kubernetes:core/*:PersistentVolumeClaim",
    "kubernetes:networking.k8s.io/*:Ingress",
    NETWORK_POLICY,
)


class AllowedConfig(RuleConfig):
    """Names that are no secrets."""

    allowed: tuple[str, ...] = Field(default=(), description="names whose values are no secrets")


class NamespacesConfig(RuleConfig):
    """Namespaces of others."""

    refused: tuple[str, ...] = Field(
        default=("default", "kube-system", "kube-public", "kube-node-lease"),
        description="namespaces in which a stack puts nothing",
    )


def credential(text: str) -> str:
    """What a text has in it that should be hidden; "" for nothing."""
    return next((what for what, pattern in _VALUES if pattern.search(text)), "")


def _entries(resource: Resource) -> Iterator[View]:
    """Each variable, argument and part of the command of a pod's containers."""
    for container in containers(resource):
        yield from container.key("env").items()
        for key in ("args", "command"):
            yield from container.key(key).items()


def _hidden(subject: Subject, stack: Stack, config: AllowedConfig) -> Iterator[str]:
    if isinstance(subject.view.raw, str):
        option = _OPTION.match(subject.view.raw)
        if what := "a secret" if option else credential(subject.view.raw):
            yield f"{subject.view.path} has {what} in clear"
        return
    name, value = subject.view.key("name").text(), subject.view.key("value")
    # A name is enough where the value is not known yet: reading it tells that it cannot be decided.
    text = value.text()
    if not text or name in config.allowed:
        return
    if _NAMES.search(name):
        yield f"{value.path} of {name} stands in clear"
    elif what := credential(text):
        yield f"{value.path} of {name} has {what} in it"


def _files(resource: Resource) -> Iterator[View]:
    for key in ("data", "binaryData"):
        yield from (view for _, view in resource.view.key(key).entries())


def _no_secrets(subject: Subject, stack: Stack, config: AllowedConfig) -> Iterator[str]:
    path, text = subject.view.path, subject.view.text()
    key = path.removeprefix("binaryData.").removeprefix("data.")
    if not text or key in config.allowed:
        return
    if _NAMES.search(key):
        yield f"{path} is named as a secret"
    elif what := credential(text):
        yield f"{path} has {what} in it"


def _own_namespace(subject: Subject, stack: Stack, config: NamespacesConfig) -> Iterator[str]:
    view = subject.view.at("metadata.namespace")
    if namespace_of(subject.resource) in config.refused:
        yield f"{view.path} is {'not set, which is default' if view.raw is MISSING else view.text()}"


RULES: tuple[Rule, ...] = (
    Rule(
        name="stack-no-plain-secrets",
        says="Pods get secrets from Secrets, not as plain text in their specification.",
        remedy="Put the value in a Secret and name its key in env[].valueFrom.secretKeyRef.",
        severity=Severity.CRITICAL,
        kinds=WORKLOADS,
        judge=_hidden,
        parts=_entries,
        config=AllowedConfig,
    ),
    Rule(
        name="stack-config-without-secrets",
        says="A ConfigMap has no secrets in it.",
        remedy="Put the value in a Secret.",
        severity=Severity.CRITICAL,
        kinds=(CONFIG_MAP,),
        judge=_no_secrets,
        parts=_files,
        config=AllowedConfig,
    ),
    Rule(
        name="stack-own-namespaces",
        says="What a stack runs is in namespaces of its own.",
        remedy="Set metadata.namespace to a namespace that the stack makes.",
        severity=Severity.MEDIUM,
        kinds=_NAMESPACED,
        judge=_own_namespace,
        config=NamespacesConfig,
    ),
)
