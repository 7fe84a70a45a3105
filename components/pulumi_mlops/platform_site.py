"""What every part of one platform needs to know of it."""

from dataclasses import dataclass

import pulumi

from pulumi_mlops.platform_args import PlatformArgs


@dataclass(frozen=True)
class Site:
    """A platform's name and arguments, and its namespaces."""

    name: str
    args: PlatformArgs
    system: pulumi.Output[str]
    models: pulumi.Output[str]
