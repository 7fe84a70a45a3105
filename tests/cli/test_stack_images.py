"""Which images an environment builds: those that its settings use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_cli import up
from mlops_cli.environment import Environment
from mlops_local.images import IMAGES_OF_KEDA, IMAGES_OF_MONITORING, IMAGES_OF_STACK
from mlops_local.paths import Paths
from mlops_stacks.settings import load

NOWHERE = Path("/nowhere")


@pytest.mark.parametrize(
    ("keys", "more"),
    [
        ({}, ()),
        ({"keda": {"mode": "run"}}, IMAGES_OF_KEDA),
        ({"keda": {"mode": "adopt"}}, ()),
        ({"monitoring": {"mode": "run"}}, IMAGES_OF_MONITORING),
        (
            {"keda": {"mode": "run"}, "monitoring": {"mode": "run"}},
            (*IMAGES_OF_KEDA, *IMAGES_OF_MONITORING),
        ),
    ],
)
def test_images_of_what_is_not_run_are_not_built(keys: dict[str, Any], more: tuple[str, ...]) -> None:
    settings = load({"cluster": {"maker": "local-node"}, **keys})
    environment = Environment("x", Paths(NOWHERE, NOWHERE, NOWHERE), {}, settings)
    assert up._stack_images(environment) == (*IMAGES_OF_STACK, *more)
