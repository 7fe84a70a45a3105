from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from many_endpoints import timed, with_endpoints
from mlops_cli.render import placeholders
from mlops_stacks import program
from mlops_stacks.settings import NAMESPACE

STACKS = Path(__file__).parents[2] / "stacks"
COUNT = 50
BAR_SECONDS = 10


def settings(name: str, folder: Path) -> dict[str, str]:
    """An environment with many endpoints, as the engine hands it to the program."""
    file = STACKS / f"Pulumi.{name}.yaml"
    config = placeholders.with_prefix(yaml.safe_load(file.read_text())["config"])
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(placeholders.kubeconfig(placeholders.context_of(config))))
    many = placeholders.completed(with_endpoints(config, COUNT), {}, str(kubeconfig))
    return placeholders.as_engine_config(many)


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
    document, seconds = timed(program.main, project=NAMESPACE, stack=name, config=settings(name, tmp_path))
    endpoints = [each for each in document.resources if each.type == "mlops:index:ModelEndpoint"]
    assert len(endpoints) == COUNT
    assert seconds < BAR_SECONDS
