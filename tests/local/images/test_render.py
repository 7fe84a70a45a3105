"""Containerfiles equal the golden files beside this test: a changed template shows as a diff.

`MLOPS_WRITE_GOLDEN=1 pytest <this file>` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlops_local.images import render
from mlops_local.images.catalog import RECIPES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", RECIPES)
def test_containerfile_equals_its_golden_file(name: str) -> None:
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        (GOLDEN / f"{name}.Containerfile").write_text(render.containerfile(name))
    assert render.containerfile(name) == (GOLDEN / f"{name}.Containerfile").read_text()


def test_no_golden_file_is_left_of_an_image_that_went() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_containerfile_runs_nothing_so_a_build_needs_no_network(name: str) -> None:
    instructions = {line.split()[0] for line in render.containerfile(name).splitlines()}
    assert instructions <= {"#", "FROM", "COPY", "ENV", "LABEL", "USER", "STOPSIGNAL", "ENTRYPOINT"}


def test_postgres_makes_its_cluster_beside_the_folder_and_renames_it() -> None:
    script = render.image_file("postgres-entrypoint").splitlines()
    assert script[0] == "#!/bin/bash"
    assert [line.strip() for line in script if "mv " in line] == ['mv "$fresh" "$PGDATA"']
