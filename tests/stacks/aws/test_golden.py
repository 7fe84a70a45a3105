"""Every environment on AWS equals its golden file beside this test: a changed input shows as a diff.

A file has one block for each resource, sorted by its place in the tree: its type, name and parent, and of AWS
one line for each input. Objects of Kubernetes stand without inputs, which the components' own tests know.
The values that AWS would give are those of `tests/support/aws_answers.py`, so that policies stand in full;
that a preview shows the same but for these is shown in `test_environments.py`.

`MLOPS_WRITE_GOLDEN=1 pytest <this file>` writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from aws_environments import ENVIRONMENTS, document
from mlops_stacks.recording import Document, Resource

GOLDEN = Path(__file__).parent / "golden"
MOST_BYTES = 250_000
"""Of one file: a longer one is read by nobody."""


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_equals_its_golden_file(name: str) -> None:
    text = _text(document(name))
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        (GOLDEN / f"{name}.json").write_text(text)
    assert text.splitlines() == (GOLDEN / f"{name}.json").read_text().splitlines()


def test_no_golden_file_is_left_of_an_environment_that_went() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(ENVIRONMENTS)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_golden_file_is_json_short_enough_to_read_and_names_no_folder_of_this_machine(name: str) -> None:
    text = (GOLDEN / f"{name}.json").read_text()
    resources = json.loads(text)
    assert {each["type"].partition(":")[0] for each in resources} == {"aws", "kubernetes"}
    assert len(text.encode()) < MOST_BYTES
    assert str(Path(__file__).parents[3]) not in text


def _text(document: Document) -> str:
    shown = [each for each in document.resources if each.type.startswith(("aws:", "kubernetes:"))]
    blocks = (_block(each) for each in sorted(shown, key=lambda each: (each.parent or "", each.urn)))
    return "[\n" + ",\n".join(blocks) + "\n]\n"


def _block(resource: Resource) -> str:
    fields = [
        f'"type": {json.dumps(resource.type)}',
        f'"name": {json.dumps(resource.name)}',
        f'"parent": {json.dumps(_path(resource.parent))}',
    ]
    fields += [f'"{option}": true' for option in ("protect", "retain_on_delete") if getattr(resource, option)]
    if resource.type.startswith("aws:"):
        lines = [f"{json.dumps(key)}: {_line(value)}" for key, value in sorted(resource.inputs.items())]
        fields.append('"inputs": {\n    ' + ",\n    ".join(lines) + "\n  }" if lines else '"inputs": {}')
    return "{\n  " + ",\n  ".join(fields) + "\n}"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _path(urn: str | None) -> str | None:
    """Types and name of a parent; every URN begins with the same stack and project."""
    return urn and urn.split("::", 2)[2]
