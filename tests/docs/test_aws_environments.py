"""The generated pages of environments on AWS are what their programs and the settings' model say."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_as_the_programs_are() -> None:
    written = runpy.run_path(str(DOCS / "aws_environments.py"))["pages"]()
    assert {file.name for file in written} == {
        "aws-dev.md",
        "aws-staging.md",
        "aws-prod.md",
        "aws-settings.md",
    }
    stale = [file.name for file, text in written.items() if Path(file).read_text() != text]
    assert stale == [], "run `make docs`"
