from __future__ import annotations

from pathlib import Path

import pytest

from many_endpoints import settings, timed, with_endpoints
from mlops_stacks import program
from mlops_stacks.settings import NAMESPACE

COUNT = 50
BAR_SECONDS = 10


def test_endpoints_have_names_and_ports_of_their_own() -> None:
    config = {"mlops:endpoints": [{"name": "shop", "nodePort": 30080, "minReplicas": 2}], "mlops:other": 1}
    assert with_endpoints(config, 2) == {
        "mlops:endpoints": [
            {"name": "shop", "nodePort": 30080, "minReplicas": 2},
            {"name": "shop-0", "nodePort": 31000, "minReplicas": 2},
        ],
        "mlops:other": 1,
    }


@pytest.mark.quiet
@pytest.mark.parametrize("name", ["local", "prod"])
def test_a_program_of_fifty_endpoints_is_recorded_in_time(name: str, tmp_path: Path) -> None:
    document, seconds = timed(
        program.main, project=NAMESPACE, stack=name, config=settings(name, tmp_path, count=COUNT)
    )
    endpoints = [each for each in document.resources if each.type == "mlops:index:ModelEndpoint"]
    assert len(endpoints) == COUNT
    assert seconds < BAR_SECONDS
