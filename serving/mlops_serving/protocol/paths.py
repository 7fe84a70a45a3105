"""From a method and a path to what is asked for.

No framework: the few paths of the protocol are told apart by their parts. Model names come URL-quoted.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from mlops_serving.errors import MethodNotAllowed, NotFound


class Action(Enum):
    """What a request asks for."""

    SERVER_METADATA = "server_metadata"
    LIVE = "live"
    READY = "ready"
    MODEL_METADATA = "model_metadata"
    MODEL_READY = "model_ready"
    INFER = "infer"
    STATISTICS = "statistics"
    ALL_STATISTICS = "all_statistics"
    OPENAPI = "openapi"


class Route(NamedTuple):
    """An action with the model name and version in the path, where it has them."""

    action: Action
    model: str = ""
    version: str | None = None


# As in Triton, /v2/models/stats is never a model's name.
_FIXED: Final[dict[tuple[str, ...], Action]] = {
    ("v2",): Action.SERVER_METADATA,
    ("v2", "health", "live"): Action.LIVE,
    ("v2", "health", "ready"): Action.READY,
    ("v2", "openapi.json"): Action.OPENAPI,
    ("v2", "models", "stats"): Action.ALL_STATISTICS,
}
_OF_MODEL: Final[dict[tuple[str, ...], Action]] = {
    (): Action.MODEL_METADATA,
    ("ready",): Action.MODEL_READY,
    ("infer",): Action.INFER,
    ("stats",): Action.STATISTICS,
}


@lru_cache(maxsize=1024)
def route(method: str, path: str) -> Route:
    """Raises `NotFound` for an unknown path and `MethodNotAllowed` for a known one asked wrongly."""
    found = _match(tuple(path.strip("/").split("/")))
    if found is None:
        raise NotFound(f"there is nothing at {path!r}; see /v2 and /v2/models/<name>")
    allowed = "POST" if found.action is Action.INFER else "GET"
    if method != allowed:
        raise MethodNotAllowed(f"{path!r} is asked with {allowed}, not {method}", allowed)
    return found


def _match(parts: tuple[str, ...]) -> Route | None:
    if action := _FIXED.get(parts):
        return Route(action)
    if len(parts) < 3 or parts[:2] != ("v2", "models"):
        return None
    model, rest = unquote(parts[2]), parts[3:]
    version = None
    if len(rest) >= 2 and rest[0] == "versions":
        version, rest = unquote(rest[1]), rest[2:]
    action = _OF_MODEL.get(rest)
    return Route(action, model, version) if action else None
