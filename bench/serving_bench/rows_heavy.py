"""Rows on the heavy model, whose server has cores of its own: batching, overload, a second worker."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from serving_bench.bodies import json_body
from serving_bench.figures import Figures, Overload, medians, of_overload
from serving_bench.lab import Lab, say
from serving_bench.report import Row, at_least, below
from serving_bench.rows_small import said, words
from serving_bench.servers import Server, cpu_seconds

CONNECTIONS = 64
MANY_CONNECTIONS = 256
"""So many that each of two workers still has full batches."""
PEAK_CONNECTIONS = 128
DEADLINE_SECONDS = 1.0
QUEUE_ROWS = 512
_ONE, _TWO = (0,), (0, 1)
_OVERLOAD, _ATTACK_LENGTH = 3.0, 10.0
_REFUSAL_MILLISECONDS = 5.0
_SETTLE_SECONDS, _IDLE_SECONDS = 10.0, 0.03
_LIMITS = {"MLOPS_QUEUE_ROWS": str(QUEUE_ROWS), "MLOPS_REQUEST_TIMEOUT_SECONDS": str(DEADLINE_SECONDS)}
_EQUAL = {"MLOPS_MAX_BATCH_ROWS": "64"}
"""Batches that each of two workers fills as one does: a row costs less in a larger batch."""


def batching_row(lab: Lab) -> Row:
    """The same server with and without batches."""
    single = {"MLOPS_MAX_BATCH_ROWS": "1"}
    with lab.heavy_server({}, _ONE) as batching, lab.heavy_server(single, _ONE) as alone:
        figures = lab.turns(
            {
                "batching": partial(_closed, lab, batching, CONNECTIONS),
                "without": partial(_closed, lab, alone, CONNECTIONS),
            }
        )
    return Row(
        f"heavy model ({lab.heavy[1]:.1f} ms a row), {CONNECTIONS} connections, server on one core",
        said(figures),
        [at_least(">= 3 x without batching", 3, figures["batching"].rate, figures["without"].rate)],
    )


def workers_row(lab: Lab) -> Row:
    """One worker on one core, two on two; a model so heavy that the client hardly needs a core."""
    with (
        lab.heavy_server(_EQUAL, _ONE) as one,
        lab.heavy_server({"MLOPS_WORKERS": "2", **_EQUAL}, _TWO) as two,
    ):
        figures = lab.turns(
            {
                "one worker": partial(_closed, lab, one, MANY_CONNECTIONS),
                "two workers": partial(_closed, lab, two, MANY_CONNECTIONS),
            }
        )
    return Row(
        f"two workers on two cores, heavy model, {MANY_CONNECTIONS} connections, batches of at most 64 rows",
        said(figures),
        [
            at_least(
                ">= 1.7 x one worker on one core",
                1.7,
                figures["two workers"].rate,
                figures["one worker"].rate,
            )
        ],
    )


def overload_row(lab: Lab) -> Row:
    """Three times as many requests as the server can answer."""
    peaks, attacks = list[Figures](), list[Overload]()
    with lab.heavy_server(_LIMITS, _ONE) as server:
        for number in range(lab.rounds):
            peaks.append(_closed(lab, server, PEAK_CONNECTIONS))
            attacks.append(_attack(lab, server, _OVERLOAD * peaks[-1].rate))
            say(f"  round {number + 1} peak: {peaks[-1]}; overload: {attacks[-1]}")
    peak, attack = medians(peaks), medians(attacks)
    seconds = _ATTACK_LENGTH * lab.seconds
    return Row(
        f"{_OVERLOAD:.0f} x overload for {seconds:.0f} s, heavy model, server on one core, queue of "
        f"{QUEUE_ROWS} rows, deadline {DEADLINE_SECONDS:.0f} s",
        [words("peak", peak), _outcome(attack)],
        [
            at_least("goodput >= 90 % of the peak", 0.9, attack.goodput, peak.rate),
            below("refusals' p99 < 5 ms", attack.refused_p99, _REFUSAL_MILLISECONDS, "ms"),
            below("accepted p99 <= the deadline", attack.accepted_p99, DEADLINE_SECONDS * 1e3, "ms"),
        ],
    )


def _outcome(attack: Overload) -> str:
    return (
        f"asked {attack.asked_rate:,.0f}/s: {attack.goodput:,.0f}/s answered "
        f"(p99 {attack.accepted_p99:.0f} ms), {attack.refused:,.0f}/s refused, "
        f"{attack.late:,.0f}/s too late, {attack.lost:,.0f}/s lost "
        f"(cores: server {attack.server_cores:.2f}, client {attack.client_cores:.2f})"
    )


def _closed(lab: Lab, server: Server, connections: int) -> Figures:
    body = json_body(server.model.rows)
    figures = lab.clients.wrk(server, body, connections, lab.seconds)
    _settle(server)
    return figures


def _settle(server: Server) -> None:
    """Wait until it has worked off what its clients left behind; the next server may share its core."""
    until, before = time.monotonic() + _SETTLE_SECONDS, -1.0
    while (now := cpu_seconds(server.process)) - before > _IDLE_SECONDS and time.monotonic() < until:
        before = now
        time.sleep(0.2)


def _attack(lab: Lab, server: Server, rate: float) -> Overload:
    seconds = _ATTACK_LENGTH * lab.seconds
    hits, cores = lab.clients.vegeta(server, json_body(server.model.rows), rate, seconds)
    return replace(of_overload(hits, seconds), **cores)
