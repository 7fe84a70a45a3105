"""Which inputs of AWS's types force a new resource."""

from __future__ import annotations


def replacing(token: str) -> tuple[str, ...]:
    """Dotted paths of the inputs."""
    return FORCING.get(token.split(":")[1], ())


FORCING: dict[str, tuple[str, ...]] = {}
