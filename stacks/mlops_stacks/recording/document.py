"""A recording as one JSON document: what `mlops render --json` prints and tools read."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from mlops_stacks.recording.engine import Recording, Registration
from mlops_stacks.recording.values import UNKNOWN, Secret

VERSION: Final = 1
UNKNOWN_MARK: Final[dict[str, JsonValue]] = {"$unknown": True}
SECRET_MARK: Final[dict[str, JsonValue]] = {"$secret": True}


class _Part(BaseModel):
    """camelCase in JSON, frozen, and nothing unknown in it."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=True)


class Resource(_Part):
    """One resource that the program registers."""

    urn: str = Field(description="Its identity in the stack; a changed one is a replaced resource.")
    type: str = Field(description="Type token, such as `kubernetes:apps/v1:Deployment`.")
    name: str = Field(description="Name in the program, the last part of the URN.")
    custom: bool = Field(description="True if a provider makes it, false for a component.")
    parent: str | None = Field(description="URN of the component it belongs to; null under the stack itself.")
    provider: str | None = Field(description="URN of the provider that makes it; null for the default one.")
    dependencies: tuple[str, ...] = Field(description="URNs of what must be there first, sorted.")
    protect: bool = Field(description="True if the engine refuses to delete it.")
    retain_on_delete: bool = Field(description="True if a destroy leaves it in place.")
    deleted_with: str | None = Field(description="URN of the resource whose deletion takes it along.")
    ignore_changes: tuple[str, ...] = Field(description="Input paths whose changes are not applied.")
    references: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="By input, URNs of the resources that its value is made of."
    )
    inputs: dict[str, JsonValue] = Field(
        description='Inputs by their names in the provider\'s schema. {"$secret": true} stands for a secret, '
        '{"$unknown": true} for what only a provider can tell.'
    )


class Document(_Part):
    """All that the program of one environment registers."""

    version: Literal[1] = Field(
        default=VERSION, description="Of this format; it grows when a reader could break."
    )
    environment: str = Field(description="Name of the stack.")
    placeholders: tuple[str, ...] = Field(
        description="Settings that `mlops up` makes and that are stand-ins here, such as `mlops:secrets`."
    )
    resources: tuple[Resource, ...] = Field(description="Every resource but the stack, by URN.")
    outputs: dict[str, JsonValue] = Field(description="What the stack exports, marked as inputs are.")


def document_of(environment: str, recording: Recording, placeholders: tuple[str, ...]) -> Document:
    """The document of a recording; no secret's value is in it."""
    return Document(
        environment=environment,
        placeholders=placeholders,
        resources=tuple(_resource(registration) for registration in recording.resources),
        outputs=marked(recording.exports),
    )


def marked(value: Any) -> Any:
    """A recorded value as JSON: marks where it is secret or unknown, keys sorted. Pure."""
    if isinstance(value, Secret):
        return SECRET_MARK
    if value is UNKNOWN:
        return UNKNOWN_MARK
    if isinstance(value, dict):
        return {key: marked(value[key]) for key in sorted(value)}
    return [marked(item) for item in value] if isinstance(value, list) else value


def _resource(registration: Registration) -> Resource:
    return Resource(
        urn=registration.urn,
        type=registration.type,
        name=registration.name,
        custom=registration.custom,
        parent=registration.parent or None,
        provider=registration.provider or None,
        dependencies=registration.dependencies,
        protect=registration.protect,
        retain_on_delete=registration.retain_on_delete,
        deleted_with=registration.deleted_with or None,
        ignore_changes=registration.ignore_changes,
        references=dict(registration.references),
        inputs=marked(registration.inputs),
    )
