"""The ground of the tests of AWS stores, and what their programs register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_stacks import recording
from pulumi_mlops.aws.ground import GroundArgs

ACCOUNT, REGION = "123456789012", "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TAGS = {
    "mlops:environment": "test",
    "mlops:owner": "platform",
    "mlops:cost-center": "42",
    "mlops:managed-by": "pulumi-mlops",
}


def ground(*, production: bool = False, region: str = REGION) -> GroundArgs:
    """An environment's ground."""
    return {"region": region, "account_id": ACCOUNT, "tags": dict(TAGS), "production": production}


def options(program: Callable[[], object]) -> dict[str, recording.Registration]:
    """Every resource that a program registers by name, with the options that `recording_engine` drops."""
    made = recording.record(program, project="mlops", stack="test", config={}, preview=False)
    return {resource.name: resource for resource in made.resources}


def of_protected(program: Callable[[], object]) -> list[str]:
    """Names of all resources that the engine refuses to delete, sorted."""
    return sorted(name for name, resource in options(program).items() if resource.protect)


def every_tag(inputs: dict[str, Any]) -> dict[str, str]:
    """The tags of a resource but for its name."""
    return {key: value for key, value in inputs["tags"].items() if key != "Name"}
