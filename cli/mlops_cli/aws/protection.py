"""What a stack's state says must not be deleted, and how to let it go. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DELETION_PROTECTION = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "disableApiTermination",
    "enableDeletionProtection",
)
ON = (True, "true", "ACTIVE")


@dataclass(frozen=True)
class Guarded:
    """One resource that a destroy would refuse: by the engine (`protect`), by AWS, or by both."""

    urn: str
    protect: bool
    deletion_protection: bool

    @property
    def name(self) -> str:
        """Type and name, as in `aws:rds/instance:Instance mlops-database`."""
        _, _, types, name = self.urn.split("::", 3)
        return f"{types.rsplit('$', 1)[-1]} {name}"


def guarded(deployment: Mapping[str, Any]) -> list[Guarded]:
    """Protected resources of an exported state's `deployment`; AWS's own answer counts before the inputs."""
    found = []
    for resource in deployment.get("resources") or []:
        values = {**(resource.get("inputs") or {}), **(resource.get("outputs") or {})}
        by_aws = any(values.get(key) in ON for key in DELETION_PROTECTION)
        by_engine = bool(resource.get("protect"))
        if by_aws or by_engine:
            found.append(Guarded(resource["urn"], by_engine, by_aws))
    return found


def refusal(environment: str, found: Sequence[Guarded], *, production: bool) -> str:
    """Why nothing was destroyed, and the two ways to let go."""
    lines = [f"environment {environment!r} has {len(found)} protected resources; nothing was deleted:"]
    for each in found:
        by = " and ".join(
            word
            for word, holds in (("protect", each.protect), ("deletion protection", each.deletion_protection))
            if holds
        )
        lines.append(f"  {each.name} ({by})")
    if production:
        lines += [
            f"To let all of them go: in stacks/Pulumi.{environment}.yaml set mlops:aws.production to false"
            " and mlops:aws.expires to a day,",
            f"run `mlops up {environment}`, which takes the protection off, then"
            f" `mlops down {environment} --yes`.",
        ]
    else:
        lines.append(
            f"The settings say that it is not production: run `mlops up {environment}` first, which takes the"
            f" protection off, then `mlops down {environment} --yes`."
        )
    if by_hand := [each for each in found if each.protect]:
        lines.append("To let go of single ones, until the next `mlops up`:")
        lines += [
            f"  pulumi state unprotect {shlex.quote(each.urn)} --stack {environment} --yes"
            for each in by_hand
        ]
    if any(each.deletion_protection for each in found):
        lines.append("AWS's own deletion protection is taken off by `mlops up` only.")
    return "\n".join(lines)
