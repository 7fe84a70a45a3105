"""The load generators: wrk from PATH or Debian, vegeta and our gRPC client built from pinned modules."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlops_local.paths import Paths
from mlops_local.toolchain import build_environment, find_go
from serving_bench.figures import BenchError

Report = Callable[[str], None]

_MODULE = Path(__file__).parents[1] / "go"


@dataclass(frozen=True)
class Programs:
    """Where the programs are."""

    wrk: str
    vegeta: Path
    grpcload: Path


def programs(report: Report) -> Programs:
    """Find, install or build what is needed; `BenchError` says what to install by hand."""
    cache = Paths.read(os.environ, Path(__file__).parent).cache
    folder = _built(cache, report)
    return Programs(_wrk(report), folder / "vegeta", folder / "grpcload")


def versions(found: Programs) -> str:
    """The load generators and their versions, in words."""
    said = subprocess.run([found.wrk, "-v"], capture_output=True, text=True, check=False).stdout
    wanted = (_MODULE / "go.mod").read_text().split()
    vegeta = wanted[wanted.index("github.com/tsenart/vegeta/v12", wanted.index("require")) + 1]
    grpc = wanted[wanted.index("google.golang.org/grpc") + 1]
    return f"wrk {said.split()[1]}, vegeta {vegeta}, grpcload (our client on grpc-go {grpc}), a socket"


def _wrk(report: Report) -> str:
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        report("installing wrk")
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "wrk"]):
            subprocess.run(command, check=False, capture_output=True)
    found = shutil.which("wrk")
    if found is None:
        raise BenchError("wrk is not installed; `apt-get install wrk` (as root) or your system's like")
    return found


def _built(cache: Path, report: Report) -> Path:
    """The folder of the programs for the pinned modules, built once."""
    digest = hashlib.sha256()
    for path in sorted(_MODULE.iterdir()):
        digest.update(path.read_bytes())
    target = cache / "tools" / f"bench-{digest.hexdigest()[:16]}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (cache / "bench-tools.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            report("building vegeta and the gRPC client from Go modules")
            _build(find_go(cache, report), target)
    return target


def _build(go: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bench-") as folder:
        out = Path(folder) / "bin"
        command = [str(go), "build", "-trimpath", "-ldflags", "-s -w", "-o", f"{out}/", "tool", "."]
        environ = build_environment(os.environ, Path(folder) / "scratch")
        result = subprocess.run(
            command, cwd=_MODULE, env=environ, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            tail = "\n  ".join(result.stderr.strip().splitlines()[-8:])
            raise BenchError(f"the load generators did not build with {go} ({sys.platform}):\n  {tail}")
        out.rename(target)
