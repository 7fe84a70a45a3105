"""An environment with many endpoints, and how long its program takes on the recording engine."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mlops_cli.render import placeholders
from mlops_stacks.recording import Document, Recording, document_of, record

STACKS = Path(__file__).parents[2] / "stacks"
_FIRST_PORT = 31000
_KEY = "mlops:endpoints"
_REMEDIATION = "mlops:remediation"


def with_endpoints(config: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The values with so many endpoints: those there are, which others name, and copies of the first."""
    present = list(config[_KEY])
    first = present[0]
    for number in range(count - len(present)):
        endpoint = {**copy.deepcopy(first), "name": f"{first['name']}-{number}"}
        if "nodePort" in first:
            endpoint["nodePort"] = _FIRST_PORT + number
        present.append(endpoint)
    made = {**config, _KEY: present}
    if rules := copy.deepcopy(config.get(_REMEDIATION, {}).get("rules")):
        for rule in rules:
            # A rule for all would ask of each copy for a pipeline of its own.
            rule.setdefault("endpoint", first["name"])
        made[_REMEDIATION] = {**config[_REMEDIATION], "rules": rules}
    return made


def settings(name: str, folder: Path, *, count: int) -> dict[str, str]:
    """An environment with so many endpoints, as the engine hands it to the program; `folder` takes files."""
    file = STACKS / f"Pulumi.{name}.yaml"
    config = placeholders.with_prefix(yaml.safe_load(file.read_text())["config"])
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(placeholders.kubeconfig(placeholders.context_of(config))))
    many = placeholders.completed(with_endpoints(config, count), {}, str(kubeconfig))
    return placeholders.as_engine_config(many)


def timed(
    program: Callable[[], object], *, project: str, stack: str, config: Mapping[str, str]
) -> tuple[Document, float]:
    """What a preview registers, and the processor's seconds from the program's start to the document.

    The processor's and not the clock's: what else the machine does is not the program's affair.
    """
    start = time.process_time()
    recording: Recording = record(program, project=project, stack=stack, config=config)
    document = document_of(stack, recording, ())
    return document, time.process_time() - start
