"""An environment with many endpoints, and how long its program takes on the recording engine."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from typing import Any

from mlops_stacks.recording import Document, Recording, document_of, record

_FIRST_PORT = 31000
_KEY = "mlops:endpoints"


def with_endpoints(config: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The values with the first endpoint so many times, each by a name and a port of its own."""
    first = config[_KEY][0]
    made = []
    for number in range(count):
        endpoint = {**copy.deepcopy(first), "name": f"{first['name']}-{number}"}
        if "nodePort" in first:
            endpoint["nodePort"] = _FIRST_PORT + number
        made.append(endpoint)
    return {**config, _KEY: made}


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
