"""Rows on single-row requests to the iris model: JSON over many connections and one, gRPC, memory."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from serving_bench import servers
from serving_bench.bodies import grpc_body, json_body
from serving_bench.figures import Figures, of_hits
from serving_bench.lab import Lab
from serving_bench.models import Model, watches_drift
from serving_bench.report import Row, at_least, at_most, below, not_served
from serving_bench.servers import Server

CONNECTIONS = 32
RATE = 200.0
"""Requests a second of the open loop on one connection: well below what each server can do."""
_MEMORY_MEGABYTES = 130.0
_LOG = "request_log_sample"


def everything_on(model: Model, folder: Path) -> AbstractContextManager[Server]:
    """Our server with metrics, drift and a log of 1 % of the requests, as far as it knows them."""
    settings = {f"MLOPS_{_LOG.upper()}": "0.01"} if servers.knows(_LOG) else {}
    return servers.ours(model, folder, settings)


def words(name: str, one: Figures) -> str:
    """A server's figures in words."""
    return (
        f"{name}: {one.rate:,.0f}/s, p50 {one.p50:.2f} ms, p99 {one.p99:.2f} ms "
        f"(cores: server {one.server_cores:.2f}, client {one.client_cores:.2f})"
    )


def said(figures: dict[str, Figures]) -> list[str]:
    """All servers' figures in words."""
    return [words(name, one) for name, one in figures.items()]


def json_row(lab: Lab) -> Row:
    """Closed loop over 32 connections."""
    body = json_body(lab.iris.rows)
    starts = (everything_on, servers.mlserver, servers.kserve, servers.echo)
    found = [lab.server(start, lab.iris) for start in starts]

    def measure(server: Server) -> Figures:
        return lab.clients.wrk(server, body, CONNECTIONS, lab.seconds)

    figures = lab.turns({server.name: partial(measure, server) for server in found})
    ours, mlserver, kserve, echo = (figures[server.name].rate for server in found)
    lacks = [
        f"without {what}: not served yet"
        for what, served in (("the request log", servers.knows(_LOG)), ("drift", watches_drift()))
        if not served
    ]
    return Row(
        f"single-row JSON, {CONNECTIONS} connections, metrics, drift and 1 % request log on",
        [*said(figures), *lacks],
        [
            at_least(">= 20 x MLServer", 20, ours, mlserver),
            at_least(">= 20 x KServe", 20, ours, kserve),
            at_least(">= 0.5 x the bare echo", 0.5, ours, echo),
        ],
    )


def latency_row(lab: Lab) -> Row:
    """Open loop on one connection."""
    body = json_body(lab.iris.rows)
    starts = (everything_on, servers.mlserver, servers.kserve)
    found = [lab.server(start, lab.iris) for start in starts]

    def measure(server: Server) -> Figures:
        hits, cores = lab.clients.vegeta(server, body, RATE, lab.seconds, connections=1)
        return replace(of_hits(hits, lab.seconds), **cores)

    figures = lab.turns({server.name: partial(measure, server) for server in found})
    ours, mlserver, _ = (figures[server.name].p99 for server in found)
    return Row(
        f"single-row JSON, 1 connection, open loop at {RATE:.0f}/s",
        said(figures),
        [at_most("p99 <= 0.5 x MLServer's", 0.5, ours, mlserver)],
    )


def grpc_row(lab: Lab) -> Row:
    """Closed loop over 32 gRPC connections."""
    work = f"single-row gRPC (raw), {CONNECTIONS} connections"
    demands = (">= 3 x MLServer", ">= 3 x KServe")
    if not servers.knows("grpc_port"):
        return not_served(work, demands)
    body = grpc_body(lab.iris.name, lab.iris.rows)
    starts = (everything_on, servers.mlserver, servers.kserve)
    found = [lab.server(start, lab.iris) for start in starts]

    def measure(server: Server) -> Figures:
        figures, reply = lab.clients.grpc(server, body, CONNECTIONS, lab.seconds)
        lab.check_grpc(server, reply)
        return figures

    figures = lab.turns({server.name: partial(measure, server) for server in found})
    ours, *peers = (figures[server.name].rate for server in found)
    bars = [at_least(demand, 3, ours, peer) for demand, peer in zip(demands, peers, strict=True)]
    return Row(work, said(figures), bars)


def memory_row(lab: Lab) -> Row:
    """What a worker holds after it was under load."""
    server = lab.server(everything_on, lab.iris)
    lab.clients.wrk(server, json_body(lab.iris.rows), CONNECTIONS, lab.seconds)
    megabytes = server.metric('process_resident_memory_bytes{process="worker-0"}') / 1e6
    supervisor = server.metric('process_resident_memory_bytes{process="supervisor"}') / 1e6
    bar = below(f"<= {_MEMORY_MEGABYTES:.0f} MB", megabytes, _MEMORY_MEGABYTES, "MB")
    return Row("memory of a worker with the iris model", [f"supervisor: {supervisor:.0f} MB"], [bar])
