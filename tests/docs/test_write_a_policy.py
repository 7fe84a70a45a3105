"""The page "Write a policy", followed word for word in an empty folder, by the real engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_program import engine_in

pytestmark = pytest.mark.timeout(600)
PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Language and text of each fenced block of the walk-through."""
    text = PAGE.read_text()
    return _BLOCK.findall(text[text.index("## Write a policy") :])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every file that the page shows with its name."""
    made = tmp_path / "shop"
    for _, text in blocks():
        first, _, rest = text.partition("\n")
        if first.startswith("# "):
            path = made / first.removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest)
    return made


@pytest.fixture
def environment(binaries: Callable[[str], Path], tmp_path: Path) -> dict[str, str]:
    """An engine with state of its own, and this interpreter's commands."""
    variables = engine_in(tmp_path, binaries("pulumi").parent.parent, "shop")
    variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]])
    return variables


def test_a_policy_is_written_tested_and_run_as_the_page_says(
    folder: Path, environment: dict[str, str]
) -> None:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        "Pulumi.yaml",
        "__main__.py",
        "policy/PulumiPolicy.yaml",
        "policy/__main__.py",
        "policy/shop_rules.py",
        "policy/test_shop_rules.py",
    ]
    [typed] = [text for language, text in blocks() if language == "console"]
    [said] = [text.strip() for language, text in blocks() if language == "text"]
    commands = [line.removeprefix("$ ").split() for line in typed.splitlines()]
    ended = [
        subprocess.run(
            [*command, *(["--non-interactive"] if command[0] == "pulumi" else [])],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        for command in commands
    ]
    assert [each.returncode == 0 for each in ended] == [True, True, False], ended
    assert "[severity: high]  till-few-drawers  (shop:index:Till: corner)" in ended[-1].stdout
    assert said in ended[-1].stdout


def test_the_rule_that_looks_at_other_resources_does_what_the_page_says() -> None:
    from mlops_policy.resources import Resource
    from mlops_policy.testing import judged

    [code] = [text for language, text in blocks() if language == "python" and "FEW_TILLS" in text]
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    tills = [Resource(f"urn:{name}", "shop:index:Till", name, {}) for name in "abc"]
    rule = names["FEW_TILLS"]
    assert [each.message for each in judged(rule, tills)] == ["there are 3 tills, and 2 may be there"] * 3
    assert judged(rule, tills, {"most": 3}) == []
