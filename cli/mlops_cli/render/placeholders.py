"""Stand-ins for what `mlops up` makes, so that a bare checkout renders. Pure.

Secrets and the kubeconfig are never the real ones, even where those are at hand: the program that is
rendered cannot show what it was not given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlops_stacks import monitoring_settings
from mlops_stacks.settings import NAMESPACE, SECRET_NAMES, Images

NAME = "placeholder"
IMAGE_NAMES: tuple[str, ...] = tuple(str(field.alias or name) for name, field in Images.model_fields.items())
"""The keys of `mlops:images`."""


def image(name: str) -> str:
    """A reference by a digest that no image has."""
    return f"{NAME}/{name}@sha256:{'0' * 64}"


def secret(name: str) -> str:
    """A text that is no secret; one that shows in a document is one that the program does not protect."""
    return f"{NAME}-{name}"


def kubeconfig(context: str) -> dict[str, Any]:
    """A kubeconfig of one context that leads nowhere."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": NAME, "user": NAME}}],
        "clusters": [{"name": NAME, "cluster": {"server": f"https://{NAME}.invalid"}}],
        "users": [{"name": NAME, "user": {}}],
    }


def context_of(config: Mapping[str, Any]) -> str:
    """The context that the settings name; a local node's has no name of its own."""
    return str(_cluster(with_prefix(config)).get("context", NAME))


def completed(config: Mapping[str, Any], images: Mapping[str, str], kubeconfig_file: str) -> dict[str, Any]:
    """The values with images, secrets and kubeconfig in them, by full key.

    Args:
        config: the file's `config`; images that it names are kept.
        images: references known from elsewhere, by name; a placeholder stands for the rest.
        kubeconfig_file: path of a file that holds `kubeconfig(context_of(config))`.
    """
    values = {key: _without_ciphers(value) for key, value in with_prefix(config).items()}
    cluster = _cluster(values)
    if "kubeconfig" in cluster:
        values[f"{NAMESPACE}:cluster"] = {**cluster, "kubeconfig": kubeconfig_file}
    return {
        f"{NAMESPACE}:images": {name: images.get(name, image(name)) for name in IMAGE_NAMES},
        **values,
        f"{NAMESPACE}:secrets": {name: secret(name) for name in SECRET_NAMES},
        f"{NAMESPACE}:kubeconfig": kubeconfig_file,
    }


def as_engine_config(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as the engine hands them to a program: text as it is, all else as JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def used(document: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings whose stand-ins a rendered document rests on, sorted; on EKS there is no kubeconfig."""
    shown = [f"{NAMESPACE}:images.{name}" for name in IMAGE_NAMES if image(name) in document]
    made = ["secrets"] if _cluster(with_prefix(config)).get("maker") == "eks" else ["kubeconfig", "secrets"]
    return tuple(sorted([*(f"{NAMESPACE}:{name}" for name in made), *shown]))


def with_prefix(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values by full key: the engine takes one without a prefix for the project's."""
    return {key if ":" in key else f"{NAMESPACE}:{key}": value for key, value in config.items()}


def _cluster(values: Mapping[str, Any]) -> Mapping[str, Any]:
    cluster: Mapping[str, Any] = values[f"{NAMESPACE}:cluster"]
    return cluster


def _without_ciphers(value: Any) -> Any:
    """The value with a stand-in for each text that is encrypted (`secure: v1:...`)."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return monitoring_settings.ENCRYPTED
        return {key: _without_ciphers(item) for key, item in value.items()}
    return [_without_ciphers(item) for item in value] if isinstance(value, list) else value
