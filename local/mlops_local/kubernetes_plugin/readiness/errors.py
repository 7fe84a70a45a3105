"""How a wait can end other than well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlops_local.kubernetes_plugin.errors import PluginError
from mlops_local.kubernetes_plugin.readiness.fields import title_of


class NotReady(PluginError):
    """The object was written but does not work; `live` is its last known state.

    `reasons` are lines that the user can act on, the most important first.
    """

    def __init__(self, live: Mapping[str, Any], reasons: Sequence[str]) -> None:
        super().__init__("\n  ".join((f"{title_of(live)} is not ready:", *reasons)))
        self.live = dict(live)
        self.reasons = list(reasons)


class WaitCancelled(NotReady):
    """The engine cancelled the operation (Ctrl-C) while it waited."""
