"""`make bench`: the model server beside MLServer, KServe and the bare HTTP server under it.

    python bench/run.py [--only json,grpc] [--rounds 5] [--seconds 3] [--write]

Same models, same machine, one worker each; the servers take turns round by round and every figure is the
median of the rounds. Prints one Markdown table in which every row says its bar and whether it holds. It is
a report, not a test: the exit code is 0 whatever was found.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from serving_bench import rows_heavy, rows_large, rows_small, servers
from serving_bench.figures import BenchError
from serving_bench.lab import Lab, say
from serving_bench.programs import Programs, versions
from serving_bench.report import Row, document, not_measured

ROOT = Path(__file__).parents[1]

GROUPS: Mapping[str, Sequence[tuple[str, Callable[[Lab], Row]]]] = {
    "small": [
        ("json", rows_small.json_row),
        ("latency", rows_small.latency_row),
        ("grpc", rows_small.grpc_row),
        ("memory", rows_small.memory_row),
    ],
    "large": [
        ("binary", rows_large.binary_row),
        ("large-json", rows_large.large_json_row),
        ("large-grpc", rows_large.large_grpc_row),
    ],
    "heavy": [
        ("batching", rows_heavy.batching_row),
        ("overload", rows_heavy.overload_row),
        ("workers", rows_heavy.workers_row),
    ],
}
NAMES = [name for group in GROUPS.values() for name, _ in group]

NOTES = [
    "Latencies of closed loops (wrk, grpcload, one connection after another) are those of a client that "
    "waits; the rows on one connection and on overload are open loops (vegeta).",
    "Cores are processor time used in the time measured. A closed loop that leaves the server well below "
    "one core says that the client, or other work on the machine, held it back.",
    "Peers: MLServer without a process pool and KServe with one process, both with a model class over the "
    "same onnxruntime on one thread, uvloop, httptools and orjson, without access logs or compression.",
    "Before it is measured every server must answer as the model does.",
    "The heavy model's server is confined to one core (two for the row on workers), so that what it reaches "
    "does not depend on what the load generator leaves over.",
]


def main(arguments: Sequence[str]) -> None:
    """Measure the asked rows and print the report."""
    asked = _parser().parse_args(arguments)
    wanted = asked.only.split(",") if asked.only else NAMES
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        raise SystemExit(f"there is no row {unknown[0]!r}; the rows are {', '.join(NAMES)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, Lab(asked.rounds, asked.seconds, Path(folder)) as lab:
        text = facts(lab.programs, asked.rounds, asked.seconds)
        for group in GROUPS.values():
            rows += [measured(name, row, lab) for name, row in group if name in wanted]
            lab.stop()
    report = document(rows, text, NOTES)
    sys.stdout.write(report)
    if asked.write:
        (ROOT / "docs" / "bench.md").write_text(
            f"# The model server beside others\n\n{_INTRODUCTION}\n\n{report}"
        )


_INTRODUCTION = """\
Written by `python bench/run.py --write`; `make bench` prints the same table. `--only json,grpc` measures
some rows, `--rounds 1 --seconds 1` takes a quick look. A bar that is missed is a NO in the last column.

The load generators are wrk (Debian package, installed if you are root), and vegeta and a gRPC client that
are built once from the Go modules pinned in `bench/go`. Each peer runs in an environment that uv makes."""


def measured(name: str, row: Callable[[Lab], Row], lab: Lab) -> Row:
    """A row; one that fails says why and leaves the others alone."""
    say(f"row {name}")
    try:
        return row(lab)
    except (BenchError, OSError) as error:
        say(f"  {error}")
        return not_measured(name, str(error).splitlines()[0])


def facts(programs: Programs, rounds: int, seconds: float) -> dict[str, str]:
    """Under what circumstances this was measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("granian", "onnxruntime", "numpy", "orjson"))
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}, revision {_revision()}",
        "machine": f"{_processor()}, {os.cpu_count()} cores, Linux {_kernel()}, "
        f"load average {os.getloadavg()[0]:.1f} at the start",
        "ours": f"Python {platform.python_version()}, {packages}",
        "peers": ", ".join(package.replace("==", " ") for package in (*servers.MLSERVER, *servers.KSERVE)),
        "load": versions(programs),
        "rounds": f"medians of {rounds} rounds of {seconds:g} s, servers in turns",
    }


def _kernel() -> str:
    """Its version, without what its builder has added."""
    return platform.release().partition("-")[0]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare the model server with its peers.")
    parser.add_argument("--only", default="", help=f"rows, by commas: {','.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each server in each round")
    parser.add_argument("--write", action="store_true", help="also write docs/bench.md")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
