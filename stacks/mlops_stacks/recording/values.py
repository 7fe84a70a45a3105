"""Properties as they travel to the engine, in plain Python. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from pulumi.runtime import rpc

# Fixed by the protocol between programs and the engine (pulumi/sdk, `resource.SigKey` and `SecretSig`).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, the same for everyone


class _Unknown:
    """Type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""A value that only a provider can tell, once it has made the resource."""


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts; it is not in the `repr`."""

    value: Any = field(repr=False)


def decoded(value: Any) -> Any:
    """Plain Python of a property (JSON form of a protobuf `Value`), with `UNKNOWN` and `Secret` in it.

    Whole numbers, which travel as floats, are ints.  Of assets and of references to resources the fields
    are kept, without the engine's signature.
    """
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            return Secret(decoded(value.get("value")))
        return {key: decoded(item) for key, item in value.items() if key != _SIGNATURE}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if value == rpc.UNKNOWN:
        return UNKNOWN
    return int(value) if isinstance(value, float) and value.is_integer() else value
