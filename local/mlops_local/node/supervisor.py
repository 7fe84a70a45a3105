"""Talking to the supervisord of a running node: find it, ask it, have it start and stop programs.

Its socket is inside the node's mount namespace and is reached through `/proc/<pid>/root`, which the kernel
grants to root only. Protocol source: http://supervisord.org/api.html
"""

import http.client
import socket
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from supervisor.xmlrpc import Faults

from mlops_local.errors import NodeError
from mlops_local.node import cgroups
from mlops_local.node.layout import INSIDE_SUPERVISOR_SOCKET
from mlops_local.node.spec import ProcessState, ProcessStatus

_ANSWER_SECONDS = 15.0
"""Stopping a program takes up to `stopwaitsecs`, during which a call does not return."""
_HARMLESS_FAULTS = {Faults.ALREADY_STARTED, Faults.NOT_RUNNING, Faults.ALREADY_ADDED}


def namespace_pids(name: str) -> dict[int, int]:
    """The node's processes: id inside the node -> id on the host. Process 1 is the supervisor."""
    pairs = ((_inside_pid(pid), pid) for pid in cgroups.members(name))
    return {inside: pid for inside, pid in pairs if inside is not None}


def _inside_pid(pid: int) -> int | None:
    try:
        return inside_id(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None


def inside_id(status: str) -> int | None:
    """A process's id inside the node, from its /proc/<pid>/status; None when it is not inside."""
    ids = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    # A container's process has a third id, in the namespace of its pod.
    return int(ids[1]) if len(ids) > 1 else None


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        # Kept where Transport.close looks for it.
        self._connection = (cast("str", host), _Connection(self._path))
        return self._connection[1]


@dataclass(frozen=True)
class Supervisor:
    """A running node's process 1, by its id on the host."""

    name: str
    pid: int

    @staticmethod
    def find(name: str) -> "Supervisor | None":
        """The supervisor of the node called `name`, or None when that node does not run or is dying."""
        pid = namespace_pids(name).get(1)
        found = None if pid is None else Supervisor(name, pid)
        return found if found and found.command() else None

    def command(self) -> tuple[str, ...]:
        """Its command line; empty once it was killed and only waits for its children's end."""
        try:
            line = Path(f"/proc/{self.pid}/cmdline").read_text()
        except OSError:
            return ()
        return tuple(line.split("\0")) if line else ()

    def answers(self) -> bool:
        """Whether it is up to take orders: shortly after its start it is not."""
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def processes(self) -> tuple[ProcessStatus, ...]:
        """Every program; host process ids."""
        host_pids = namespace_pids(self.name)
        return tuple(
            ProcessStatus(
                name=info["name"], state=ProcessState(info["statename"]), pid=host_pids.get(info["pid"] or -1)
            )
            for info in cast("list[dict[str, Any]]", self._call("getAllProcessInfo"))
        )

    def start(self, *programs: str) -> None:
        """Start programs without waiting; those that run already stay as they are."""
        for program in programs:
            self._tolerant("startProcess", program, False)

    def stop(self, program: str) -> None:
        """Stop one program and wait until it is gone."""
        self._tolerant("stopProcess", program, True)

    def reload(self) -> tuple[str, ...]:
        """Take over a changed forwarders file; returns the programs to start."""
        added, changed, removed = cast("list[list[Sequence[str]]]", self._call("reloadConfig"))[0]
        for program in (*changed, *removed):
            self.stop(program)
            self._tolerant("removeProcessGroup", program)
        for program in (*added, *changed):
            self._tolerant("addProcessGroup", program)
        return (*added, *changed)

    def _tolerant(self, method: str, *arguments: object) -> None:
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in _HARMLESS_FAULTS:
                raise NodeError(
                    f"supervisor refused {method}({', '.join(map(str, arguments))}): {fault.faultString}; "
                    f"take the node down and up again"
                ) from fault

    def _call(self, method: str, *arguments: object) -> object:
        transport = _Transport(f"/proc/{self.pid}/root{INSIDE_SUPERVISOR_SOCKET}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)
