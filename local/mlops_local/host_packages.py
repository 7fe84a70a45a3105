"""The Debian packages that the node and the image builder run: which are missing, and installing them.

A program on PATH counts, however it got there, so other distributions and hand-made installations work too.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlops_local.errors import PreflightError
from mlops_local.node.layout import CNI_PLUGINS

_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_LAST_LINES = 10


@dataclass(frozen=True)
class HostPackage:
    """One Debian package: `programs` are names on PATH, or absolute paths, that prove it is there."""

    name: str
    programs: tuple[str, ...]
    why: str


HOST_PACKAGES = (
    HostPackage("binutils", ("strip",), "takes debug symbols out of images"),
    HostPackage("buildah", ("buildah",), "builds images"),
    HostPackage("conntrack", ("conntrack",), "kube-proxy forgets connections with it"),
    HostPackage("containerd", ("containerd", "containerd-shim-runc-v2"), "runs containers"),
    HostPackage(
        "containernetworking-plugins",
        tuple(str(CNI_PLUGINS / name) for name in ("bridge", "host-local", "portmap", "loopback")),
        "gives pods their addresses",
    ),
    HostPackage("ethtool", ("ethtool",), "kubelet's network checks"),
    HostPackage("iproute2", ("ip",), "links the node to this machine"),
    HostPackage("iptables", ("iptables",), "kube-proxy's rules"),
    HostPackage("mmdebstrap", ("mmdebstrap",), "makes the base image"),
    HostPackage("openssl", ("openssl",), "kubelet's certificate"),
    HostPackage("runc", ("runc",), "runs containers"),
    HostPackage("skopeo", ("skopeo",), "pushes images"),
    HostPackage("socat", ("socat",), "forwards ports on 127.0.0.1"),
    HostPackage("util-linux", ("nsenter", "setsid", "unshare"), "the node's namespaces"),
)


def ensure(report: Callable[[str], None], packages: tuple[HostPackage, ...] | None = None) -> tuple[str, ...]:
    """Install what is missing and return the names of it; does nothing, not even ask apt, when all is there.

    `packages` are HOST_PACKAGES unless given.

    Raises PreflightError: no apt-get, or its last lines when it fails.
    """
    missing = missing_packages(find_program, packages)
    if not missing:
        return ()
    names = tuple(package.name for package in missing)
    if find_program("apt-get") is None:
        raise PreflightError(no_apt_message(missing))
    for package in missing:
        report(f"Will install {package.name}: {package.why}")
    _apt(("apt-get", "update", "--quiet"), "Reading Debian's package lists", report)
    install = ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *names)
    _apt(install, f"Installing {', '.join(names)}", report)
    left = [package.name for package in missing_packages(find_program, packages)]
    if left:
        raise PreflightError(
            f"apt-get installed {', '.join(left)}, yet the programs are not on PATH; install them by hand"
        )
    return names


def missing_packages(
    find: Callable[[str], str | None], packages: tuple[HostPackage, ...] | None = None
) -> tuple[HostPackage, ...]:
    """The packages (HOST_PACKAGES unless given) of which `find` (shutil.which's contract) lacks a program."""
    asked = HOST_PACKAGES if packages is None else packages
    return tuple(package for package in asked if any(find(program) is None for program in package.programs))


def find_program(program: str) -> str | None:
    """Where a program is, looked for in the system's folders too, which a user's PATH often lacks."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")


def no_apt_message(missing: tuple[HostPackage, ...]) -> str:
    """What to do on a machine without apt."""
    lines = [
        f"  {', '.join(package.programs)}  (Debian: {package.name}; {package.why})" for package in missing
    ]
    return "\n".join(["these programs are missing and there is no apt-get; install them yourself:", *lines])


def _apt(command: tuple[str, ...], what: str, report: Callable[[str], None]) -> None:
    report(what)
    last: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=Path("/"),
        env={**os.environ, **_ENVIRONMENT},
    ) as process:
        for line in process.stdout or ():
            last = [*last[-_LAST_LINES:], line.rstrip()]
            if line.startswith("Setting up "):
                report(line.strip().removesuffix("...").strip())
    if process.returncode:
        raise PreflightError(
            "\n".join([f"`{' '.join(command)}` failed; mend this and run the command again:", *last])
        )
