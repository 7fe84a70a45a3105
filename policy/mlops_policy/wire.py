"""Properties as the engine sends them to a policy pack, and back. Pure.

The markers are fixed by the protocol between engine and plugins (pulumi/sdk: `resource.SigKey`, `SecretSig`,
`plugin.Unknown*Value`).
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict

from mlops_policy.views import UNKNOWN, steps

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, the same for everyone
UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


def properties(message: struct_pb2.Struct) -> dict[str, Any]:
    """Properties in plain Python: secrets opened, UNKNOWN for what is not known, whole numbers as ints."""
    found = decoded(MessageToDict(message))
    return found if isinstance(found, dict) else {}


def decoded(value: Any) -> Any:
    """One value in plain Python."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return decoded(value.get("value"))
        return {key: decoded(item) for key, item in value.items() if key != SIGNATURE}
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWNS else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def put(message: struct_pb2.Struct, path: str, value: Any) -> None:
    """Set what is at a path such as `spec.template.spec.containers[0].image`, whatever else is in there.

    Sections that are not there are made; secrets on the way stay secrets.
    """
    *way, last = steps(path)
    part: Any = message
    for step in way:
        part = _opened(part[step] if _there(part, step) else part.get_or_create_struct(str(step)))
    part[last] = value


def _opened(part: Any) -> Any:
    secret = isinstance(part, struct_pb2.Struct) and SIGNATURE in part and part[SIGNATURE] == SECRET
    return part["value"] if secret else part


def _there(part: Any, step: str | int) -> bool:
    return not isinstance(part, struct_pb2.Struct) or step in part
