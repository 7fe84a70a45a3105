"""A Pulumi stack for the plugin's tests: inline programs, counted changes, the state as text."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import automation

Program = Callable[[k8s.Provider], None]


class Stack:
    """Runs programs against one cluster, each given the provider to use."""

    def __init__(
        self,
        command: automation.PulumiCommand,
        folder: Path,
        environment: Mapping[str, str],
        kubeconfig: str,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._folder = folder
        self.settings: dict[str, Any] = {}
        options = automation.LocalWorkspaceOptions(
            pulumi_command=command, env_vars=dict(environment), work_dir=str(folder)
        )
        self._stack = automation.create_or_select_stack(
            "test", project_name="plugin", program=lambda: None, opts=options
        )

    def _use(self, program: Program) -> None:
        def whole() -> None:
            provider = k8s.Provider("cluster", **{"kubeconfig": self._kubeconfig, **self.settings})
            program(provider)

        self._stack.workspace.program = whole

    def up(self, program: Program) -> dict[str, int]:
        """`pulumi up`; returns the number of resources per operation, other than `same`."""
        self._use(program)
        return changed(self._stack.up(color="never").summary.resource_changes)

    def preview(self, program: Program) -> dict[str, int]:
        """`pulumi preview`; the number of resources per operation, other than `same`."""
        self._use(program)
        summary = self._stack.preview(color="never").change_summary
        return changed({str(getattr(key, "value", key)): count for key, count in summary.items()})

    def refresh(self) -> dict[str, int]:
        """`pulumi refresh`; the number of resources per operation, other than `same`."""
        return changed(self._stack.refresh(color="never").summary.resource_changes)

    def close(self) -> None:
        """Destroy what is left, and the event loops that the Automation API leaves open after an error."""
        self.destroy()
        for each in gc.get_objects():
            if isinstance(each, asyncio.BaseEventLoop) and not (each.is_running() or each.is_closed()):
                each.close()

    def destroy(self) -> dict[str, int]:
        """`pulumi destroy`; the number of resources per operation."""
        return changed(self._stack.destroy(color="never").summary.resource_changes)

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, the stack and the provider left out."""
        deployment = self._stack.export_stack().deployment or {}
        return [
            each
            for each in deployment.get("resources", [])
            if each["type"].startswith("kubernetes:") and "providers" not in each["type"]
        ]

    def state_text(self) -> str:
        """All that the state file holds, as it lies on disk."""
        files = (self._folder / "state").rglob("*.json")
        return "\n".join(file.read_text() for file in files)

    def state_json(self) -> str:
        """The exported deployment as text, secrets encrypted."""
        return json.dumps(self._stack.export_stack().deployment)


def changed(counts: Mapping[str, int] | None) -> dict[str, int]:
    """The operations that changed something."""
    return {name: count for name, count in (counts or {}).items() if name != "same"}


def options(provider: k8s.Provider, **more: Any) -> pulumi.ResourceOptions:
    """Resource options with the provider."""
    return pulumi.ResourceOptions(provider=provider, **more)
