"""Rows on 10 MB of FP32 that the identity model gives back, over one connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from serving_bench import servers
from serving_bench.bodies import Body, binary_body, check, grpc_body, json_body, rest_answer
from serving_bench.clients import RawConnection, one_by_one
from serving_bench.figures import Figures
from serving_bench.lab import Lab
from serving_bench.report import Row, at_least, at_most, not_served
from serving_bench.rows_small import said
from serving_bench.servers import Server

_NOT_IMPLEMENTED = 501
_WORK = "10 MB FP32 identity, 1 connection"

Measure = Callable[[], Figures]


def binary_row(lab: Lab) -> Row:
    """Raw tensors over REST; MLServer has them over gRPC only."""
    work = f"{_WORK}, REST binary"
    demands = (">= 10 x as fast as the best peer", "< 3 x the time of copy-and-echo")
    body = binary_body(lab.identity.rows)
    ours, kserve, mlserver, echo = (
        lab.server(start, lab.identity)
        for start in (servers.ours, servers.kserve, servers.mlserver, servers.echo)
    )
    with RawConnection(ours.http) as connection:
        trial = connection.post(ours.path, binary_body(lab.identity.rows[:1]))
    if trial.status == _NOT_IMPLEMENTED:
        return not_served(work, demands)
    figures = lab.turns(
        {
            ours.name: _rest(lab, ours, body),
            "KServe": _rest(lab, kserve, body),
            "MLServer (gRPC raw)": _grpc(lab, mlserver),
            "copy-and-echo": partial(_echo, lab, echo, body),
        }
    )
    best = min(figures["KServe"].p50, figures["MLServer (gRPC raw)"].p50)
    mine = figures[ours.name].p50
    return Row(
        work,
        said(figures),
        [
            at_least(demands[0], 10, best, mine),
            at_most(demands[1], 3, mine, figures["copy-and-echo"].p50),
        ],
    )


def large_json_row(lab: Lab) -> Row:
    """The same numbers in decimal."""
    body = json_body(lab.identity.rows)
    found = [lab.server(start, lab.identity) for start in (servers.ours, servers.kserve, servers.mlserver)]
    figures = lab.turns({server.name: _rest(lab, server, body) for server in found})
    mine, *peers = (figures[server.name].p50 for server in found)
    return Row(
        f"{_WORK}, JSON ({len(body.data) / 1e6:.0f} MB of text)",
        said(figures),
        [at_least(">= 10 x as fast as the best peer", 10, min(peers), mine)],
    )


def large_grpc_row(lab: Lab) -> Row:
    """Raw tensors over gRPC."""
    work, demand = f"{_WORK}, gRPC raw", ">= 4 x as fast as MLServer"
    if not servers.knows("grpc_port"):
        return not_served(work, [demand])
    found = [lab.server(start, lab.identity) for start in (servers.ours, servers.kserve, servers.mlserver)]
    figures = lab.turns({server.name: _grpc(lab, server) for server in found})
    mine, _, mlserver = (figures[server.name].p50 for server in found)
    return Row(work, said(figures), [at_least(demand, 4, mlserver, mine)])


def _rest(lab: Lab, server: Server, body: Body) -> Measure:
    def measure() -> Figures:
        figures, answer = one_by_one(server, server.path, body, lab.seconds)
        check(server.name, rest_answer(answer.data, answer.headers), server.model.answer)
        return figures

    return measure


def _grpc(lab: Lab, server: Server) -> Measure:
    body = grpc_body(server.model.name, server.model.rows)

    def measure() -> Figures:
        figures, reply = lab.clients.grpc(server, body, 1, lab.seconds)
        lab.check_grpc(server, reply)
        return figures

    return measure


def _echo(lab: Lab, server: Server, body: Body) -> Figures:
    headers: Mapping[str, str] = {}
    return one_by_one(server, "/copy", Body(body.data, headers), lab.seconds)[0]
