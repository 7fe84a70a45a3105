"""From what a load generator or a server says to figures. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import Final, NamedTuple, TypeVar

_MILLISECONDS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_REFUSED: Final = (429, 503)

Kind = TypeVar("Kind", "Figures", "Overload")


class BenchError(Exception):
    """Something kept the benchmark from measuring; the message says what."""


@dataclass(frozen=True)
class Figures:
    """Answers a second, latencies in milliseconds, and the cores that server and load generator used."""

    rate: float
    p50: float
    p99: float
    server_cores: float = 0.0
    client_cores: float = 0.0


class Hit(NamedTuple):
    """One request of an open-loop attack: its status (0: no answer) and milliseconds to the answer."""

    status: int
    milliseconds: float


@dataclass(frozen=True)
class Overload:
    """An attack beyond capacity: answers a second, and latencies in milliseconds by what was answered."""

    asked_rate: float
    goodput: float
    accepted_p99: float
    refused: float
    refused_p99: float
    late: float
    lost: float
    server_cores: float = 0.0
    client_cores: float = 0.0


def parse_wrk(text: str) -> Figures:
    """The figures in the output of `wrk --latency`; `BenchError` if a request failed."""
    if "Non-2xx" in text or "Socket errors" in text:
        raise BenchError(f"requests failed:\n{text}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    quantiles = {
        place: float(number) * _MILLISECONDS[unit]
        for place, number, unit in re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
    }
    if not rate or len(quantiles) != 2:
        raise BenchError(f"wrk said nothing usable:\n{text}")
    return Figures(float(rate[1]), quantiles["50"], quantiles["99"])


def parse_grpcload(text: str) -> Figures:
    """The figures in the output of our gRPC client; `BenchError` if a call failed."""
    found = json.loads(text)
    if found["failure"]:
        raise BenchError(found["failure"])
    return Figures(found["calls"] / found["seconds"], found["p50_ms"], found["p99_ms"])


def parse_vegeta(lines: Iterable[str]) -> list[Hit]:
    """The hits in the output of `vegeta encode --to csv`.

    Source of the columns: vegeta 12, README: time, status, latency in ns, and more.
    """
    return [Hit(int(row[1]), int(row[2]) / 1e6) for row in csv.reader(lines)]


def of_hits(hits: Sequence[Hit], seconds: float) -> Figures:
    """The figures of an attack in which every request was answered; else `BenchError`."""
    wrong = {hit.status for hit in hits} - {200}
    if wrong or not hits:
        raise BenchError(f"requests were answered {sorted(wrong) or 'not at all'}")
    took = [hit.milliseconds for hit in hits]
    return Figures(len(hits) / seconds, quantile(took, 0.5), quantile(took, 0.99))


def of_overload(hits: Sequence[Hit], seconds: float) -> Overload:
    """What became of the requests: answered, refused (429, 503), too late (504), or lost (the rest)."""
    answered = [hit.milliseconds for hit in hits if hit.status == 200]
    refused = [hit.milliseconds for hit in hits if hit.status in _REFUSED]
    late = sum(hit.status == 504 for hit in hits)
    return Overload(
        asked_rate=len(hits) / seconds,
        goodput=len(answered) / seconds,
        accepted_p99=quantile(answered, 0.99),
        refused=len(refused) / seconds,
        refused_p99=quantile(refused, 0.99),
        late=late / seconds,
        lost=(len(hits) - len(answered) - len(refused) - late) / seconds,
    )


def of_times(took: Sequence[float]) -> Figures:
    """The figures of requests made one after another, from milliseconds."""
    return Figures(1e3 * len(took) / sum(took), quantile(took, 0.5), quantile(took, 0.99))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; 0 without values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)] if ordered else 0.0


def medians(rounds: Sequence[Kind]) -> Kind:
    """Each figure's own median over the rounds."""
    kind = type(rounds[0])
    return kind(*(median(getattr(one, field.name) for one in rounds) for field in fields(kind)))


def parse_metrics(text: str) -> Mapping[str, float]:
    """Values by name and labels, of the Prometheus text format."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in lines}
