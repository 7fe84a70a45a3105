"""The plugin under the real engine, against a real API server."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as k8s
import pytest
from plugin_stack import Stack, options

from mlops_local.kubernetes_plugin.client import ApiClient

pytestmark = pytest.mark.cluster


def config_map(namespace: str, **data: str) -> Any:
    """A program with one ConfigMap without a name."""

    def program(provider: k8s.Provider) -> None:
        k8s.core.v1.ConfigMap("note", metadata={"namespace": namespace}, data=data, opts=options(provider))

    return program


def test_an_unchanged_program_changes_nothing(stack: Stack, namespace: str) -> None:
    program = config_map(namespace, colour="red")
    assert stack.up(program) == {"create": 3}
    assert stack.up(program) == {}
    assert stack.preview(program) == {}
    assert stack.refresh() == {}
