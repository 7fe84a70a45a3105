"""To create a part or to adopt one that exists: the arguments of one way are refused in the other."""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from pulumi_mlops import inputs


def refuse_mixture(
    args: Mapping[str, Any], *, adopts: bool, adopt: Iterable[str], create: Iterable[str]
) -> None:
    """Raise `pulumi.InputPropertyError` for the first key that is given and belongs to the other way."""
    for key in create if adopts else adopt:
        if inputs.given(args, key):
            wanted, other = ("adopt", "create") if adopts else ("create", "adopt")
            raise pulumi.InputPropertyError(
                key,
                f"source is {wanted}, and this argument is there to {other}; leave it out, "
                f"or set source to {other}",
            )
