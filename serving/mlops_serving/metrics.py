"""Counters and histograms, written out in the Prometheus text format.

One process serves, so there are plain numbers and no files. Changes happen on the event loop or under
the GIL in one statement; a scrape may be one event behind, never wrong.
"""

from __future__ import annotations

import resource
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

Labels = tuple[str, ...]

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)


class Value:
    """A counter or a gauge, with one number for each combination of label values."""

    def __init__(self, name: str, kind: str, text: str, labels: Labels = ()) -> None:
        self.name, self.kind, self.text, self.labels = name, kind, text, labels
        self._numbers: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, *labels: str, by: float = 1) -> None:
        """Count."""
        self._numbers[labels] = self._numbers.get(labels, 0.0) + by

    def set(self, number: float, *labels: str) -> None:
        """Set a gauge."""
        self._numbers[labels] = number

    def only(self, *combinations: Labels) -> None:
        """Make an info gauge: 1 for these combinations of labels and nothing else."""
        self._numbers = dict.fromkeys(combinations, 1.0)

    def lines(self) -> Iterable[str]:
        """Sample lines."""
        for values, number in sorted(self._numbers.items()):
            yield f"{self.name}{_label_text(self.labels, values)} {_number(number)}"


class Histogram:
    """Observations in fixed buckets, one histogram for each combination of label values."""

    kind = "histogram"

    def __init__(self, name: str, text: str, bounds: tuple[float, ...], labels: Labels = ()) -> None:
        self.name, self.text, self.bounds, self.labels = name, text, bounds, labels
        self._series: dict[Labels, list[float]] = {}

    def observe(self, number: float, *labels: str) -> None:
        """Count one observation."""
        series = self._series.get(labels)
        if series is None:
            series = self._series.setdefault(labels, [0.0] * (len(self.bounds) + 2))
        series[bisect_left(self.bounds, number)] += 1
        series[-1] += number

    def lines(self) -> Iterable[str]:
        """Cumulative bucket lines, sum and count."""
        for values, series in sorted(self._series.items()):
            total = 0.0
            for bound, count in zip((*self.bounds, float("inf")), series[:-1], strict=True):
                total += count
                labels = _label_text((*self.labels, "le"), (*values, _number(bound)))
                yield f"{self.name}_bucket{labels} {_number(total)}"
            labels = _label_text(self.labels, values)
            yield f"{self.name}_sum{labels} {series[-1]!r}"
            yield f"{self.name}_count{labels} {_number(total)}"


class Metrics:
    """Everything the server measures. `/metrics` is `text()`."""

    def __init__(self) -> None:
        model = ("model", "version")
        self.requests = Value(
            "mlops_requests_total", "counter", "Infer requests by answer.", ("model", "version", "code")
        )
        self.seconds = Histogram("mlops_request_seconds", "Time from request to answer.", SECONDS, model)
        self.rejected = Value(
            "mlops_rejected_total", "counter", "Infer requests refused, by reason.", ("reason",)
        )
        self.in_flight = Value("mlops_in_flight", "gauge", "Infer requests being answered.")
        self.queue_rows = Value("mlops_queue_rows", "gauge", "Rows waiting for the model.")
        self.queue_bytes = Value("mlops_queue_bytes", "gauge", "Bytes waiting for the model.")
        self.queue_seconds = Histogram(
            "mlops_queue_seconds", "Time a request waited for the model.", SECONDS, model
        )
        self.batch_rows = Histogram("mlops_batch_rows", "Rows given to the model at once.", ROWS, model)
        self.model = Value("mlops_model_info", "gauge", "Models in memory.", ("model", "version", "role"))
        self.ready = Value("mlops_ready", "gauge", "1 while the server wants requests.")
        self.start_seconds = Value("mlops_start_seconds", "gauge", "Time from process start to ready.")
        self.release = Value("mlops_release_number", "gauge", "Number of the release that is served.")
        self.release_errors = Value(
            "mlops_release_errors_total", "counter", "Failures to follow the release log.", ("kind",)
        )
        self.candidate = Value(
            "mlops_candidate_not_served", "gauge", "1 while the release names a candidate."
        )
        self.store_up = Value("mlops_store_up", "gauge", "1 while the object store answers.")
        self._before_scrape: list[Callable[[], None]] = []

    def before_scrape(self, update: Callable[[], None]) -> None:
        """Call `update` before each scrape, for gauges that would be costly to keep at all times."""
        self._before_scrape.append(update)

    def text(self) -> bytes:
        """The exposition in text format 0.0.4."""
        for update in self._before_scrape:
            update()
        lines: list[str] = []
        for metric in (*vars(self).values(), *_process()):
            if isinstance(metric, Value | Histogram):
                lines += [f"# HELP {metric.name} {metric.text}", f"# TYPE {metric.name} {metric.kind}"]
                lines += metric.lines()
        return ("\n".join(lines) + "\n").encode()


def process_age() -> float:
    """Seconds since this process was started by the kernel."""
    with open("/proc/self/stat") as stat:  # noqa: PTH123 - also called on every scrape
        ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100


def _process() -> tuple[Value, ...]:
    """The usual process metrics."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = Value("process_cpu_seconds_total", "counter", "Processor time used.")
    cpu.set(usage.ru_utime + usage.ru_stime)
    memory = Value("process_resident_memory_bytes", "gauge", "Memory in use.")
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        memory.set(int(statm.read().split()[1]) * resource.getpagesize())
    start = Value("process_start_time_seconds", "gauge", "Start of the process since the epoch.")
    start.set(time.time() - process_age())
    return cpu, memory, start


def _label_text(names: Labels, values: Labels) -> str:
    pairs = (f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}" if names else ""


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(number: float) -> str:
    if number == float("inf"):
        return "+Inf"
    return str(int(number)) if number == int(number) else repr(number)
