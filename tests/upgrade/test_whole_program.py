"""A whole environment made and taken away again by the real engine, on the plugin that creates anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from real_engine import RealStack

GOLDEN = Path(__file__).parents[1] / "components" / "golden"
pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize(
    "name",
    ["local", *(pytest.param(each, marks=pytest.mark.soak) for each in ("dev", "staging", "prod"))],
)
def test_an_environment_comes_up_stays_as_it_is_and_goes(
    name: str, open_stack: Callable[..., RealStack]
) -> None:
    stack = open_stack(name)
    stack.configure()
    made = stack.up()
    assert {step.kind for step in made} == {"create"}
    urns = (GOLDEN / f"{name}.txt").read_text().replace("urn:pulumi:test::", f"urn:pulumi:{name}::")
    assert urns.splitlines() == sorted(step.urn for step in made if "pulumi:pulumi:Stack" not in step.urn)

    assert stack.preview() == []

    gone = stack.destroy()
    assert {step.kind for step in gone} == {"delete"}
    assert sorted(step.urn for step in gone) == sorted(step.urn for step in made)
    assert stack.state()["deployment"].get("resources", []) == []
