"""Images: pinned by digest, from registries that are allowed."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from pydantic import Field

from mlops_policy.building import field
from mlops_policy.kubernetes.objects import WORKLOADS, containers
from mlops_policy.resources import Stack
from mlops_policy.rules import Rule, RuleConfig, Severity, Subject
from mlops_policy.wanted import like

DOCKER_HUB = "docker.io"


class RegistryConfig(RuleConfig):
    """Where images may come from."""

    registries: tuple[str, ...] = Field(
        default=(),
        description="Patterns of registries or repositories, * for anything; empty for any registry.",
    )


def repository(image: str) -> str:
    """The registry and repository of a reference, `docker.io` where it names none."""
    name, _, _ = image.partition("@")
    first, slash, rest = name.partition("/")
    if not slash or not (first == "localhost" or "." in first or ":" in first):
        first, rest = DOCKER_HUB, name if slash else f"library/{name}"
    folder, slash, last = rest.rpartition("/")
    return f"{first}/{folder}{slash}{last.partition(':')[0]}"


def _registry(subject: Subject, stack: Stack, config: RegistryConfig) -> Iterator[str]:
    image = subject.view.key("image")
    found = repository(image.text())
    allowed = config.registries
    if allowed and not any(fnmatch.fnmatchcase(found, each) or _below(found, each) for each in allowed):
        yield f"{image.path} is of {found}, which is not in {', '.join(allowed)}"


def _below(found: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(found, f"{pattern.rstrip('/')}/*")


RULES: tuple[Rule, ...] = (
    field(
        "image-digest",
        "A container runs an image that its digest names.",
        WORKLOADS,
        "image",
        like(r"\S+@sha256:[0-9a-f]{64}", "pinned: registry/name@sha256:<64 hex digits>"),
        parts=containers,
        bad="registry.example/serving:latest",
        remedy="Name the image by digest; `crane digest NAME:TAG` tells it.",
    ),
    Rule(
        name="image-registry",
        says="A container's image comes from an allowed registry.",
        remedy="Copy the image to an allowed registry, or add its registry to registries.",
        severity=Severity.HIGH,
        kinds=WORKLOADS,
        judge=_registry,
        parts=containers,
        path="image",
        bad="",
        config=RegistryConfig,
    ),
)
