"""The usual process metrics, read from the kernel for any process of the server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from mlops_serving.metrics.meters import Spec
from mlops_serving.metrics.segment import Series

CPU: Final = Spec("process_cpu_seconds_total", "counter", "Processor time used.", ("process",))
MEMORY: Final = Spec("process_resident_memory_bytes", "gauge", "Memory in use.", ("process",))
START: Final = Spec("process_start_time_seconds", "gauge", "Start, since the epoch.", ("process",))
FILES: Final = Spec("process_open_fds", "gauge", "Open file descriptors.", ("process",))
PROCESS_SPECS: Final = (CPU, MEMORY, START, FILES)

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def process_age(process: int | str = "self") -> float:
    """Seconds since the kernel started a process."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(_stat(process)[19]) / _TICKS


def process_series(processes: Mapping[str, int]) -> Iterator[tuple[Spec, list[Series]]]:
    """The series of all processes, given as process id by name; one that is gone has none."""
    found = {name: numbers for name, pid in processes.items() if (numbers := _numbers(pid))}
    for place, spec in enumerate(PROCESS_SPECS):
        yield spec, [Series(spec.name, (name,), (numbers[place],)) for name, numbers in found.items()]


def _numbers(process: int) -> tuple[float, ...] | None:
    try:
        stat = _stat(process)
        cpu = (int(stat[11]) + int(stat[12])) / _TICKS
        memory = float(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
        started = time.time() - process_age(process)
        return cpu, memory, started, float(sum(1 for _ in Path(f"/proc/{process}/fd").iterdir()))
    except OSError:
        return None


def _stat(process: int | str) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
