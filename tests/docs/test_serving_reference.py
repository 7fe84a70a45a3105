"""The generated part of the documentation is what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

from mlops_serving.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_is_as_the_code_is() -> None:
    written = runpy.run_path(str(DOCS / "serving_reference.py"))["document"]()
    assert (DOCS / "serving-reference.md").read_text() == written, "run `make docs`"


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
