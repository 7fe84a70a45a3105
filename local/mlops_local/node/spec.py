"""What one node is: the values that a caller chooses, checked once, and the addresses that follow from them.

Everything else in `mlops_local.node` takes a `NodeSpec` and derives its paths (`layout`), files (`render`)
and programs (`programs`) from it.
"""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

POD_BLOCK = IPv4Network("10.244.0.0/24")
"""Addresses of pods. They exist only in the node's own network namespace: every node can use the same."""
SERVICE_BLOCK = IPv4Network("10.96.0.0/16")
"""Addresses of Services, likewise private to the node."""
DNS_ADDRESS = IPv4Address("10.96.0.10")
CLUSTER_DOMAIN = "cluster.local"
NODE_PORTS = range(30000, 32768)
API_PORT_INSIDE = 6443
PAUSE_IMAGE = "mlops/pause:3.10"

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,13}[a-z0-9])?")
_HOME = re.compile(r"(/[A-Za-z0-9._-]+)+")
_LONGEST_HOME = 70
_LAST_PORT = 65535


def _device_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot name a node; use 1 to 15 lower-case letters, digits and hyphens, starting with "
            "a letter: it also names a network device, and the kernel allows 15 characters"
        )
    return name


def _safe_home(home: Path) -> Path:
    if not _HOME.fullmatch(str(home)) or ".." in home.parts:
        raise ValueError(
            f"{str(home)!r} cannot be the node's home; "
            "give an absolute folder of letters, digits, '.', '_' and '-'"
        )
    if len(str(home)) > _LONGEST_HOME:
        raise ValueError(
            f"{str(home)!r} is {len(str(home))} characters long; at most {_LONGEST_HOME} are allowed, "
            "because kubelet's sockets live below it and the kernel limits their paths to 107"
        )
    if Path("/run") in (home, *home.parents):
        raise ValueError(
            f"{str(home)!r} is below /run, which is emptied at every boot; choose a folder on disk"
        )
    return home


def _small_block(block: IPv4Network) -> IPv4Network:
    if block.prefixlen != 30:
        raise ValueError(
            f"{block} must be a /30: one address for the host and one for the node, e.g. 10.199.0.0/30"
        )
    for used, whose in ((POD_BLOCK, "pods"), (SERVICE_BLOCK, "Services")):
        if block.overlaps(used):
            raise ValueError(
                f"{block} overlaps {used}, the node's addresses for {whose}; use e.g. 10.199.0.0/30"
            )
    return block


def _real_port(port: int) -> int:
    if not 1 <= port <= _LAST_PORT:
        raise ValueError(f"{port} is not a port; use 1 to {_LAST_PORT}")
    return port


def _node_port(port: int) -> int:
    if port not in NODE_PORTS:
        raise ValueError(f"{port} is not a NodePort; use {NODE_PORTS.start} to {NODE_PORTS.stop - 1}")
    return port


Port = Annotated[int, AfterValidator(_real_port)]
NodePort = Annotated[int, AfterValidator(_node_port)]


class NodeSpec(BaseModel):
    """One Kubernetes node on this machine."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: Annotated[str, AfterValidator(_device_name)]
    """Also the Kubernetes node's name, and that of its network device, network namespace and cgroup."""
    home: Annotated[Path, AfterValidator(_safe_home)]
    """All state lives below it: etcd, images, volumes, keys, logs. Removed by `purge` only."""
    address_block: Annotated[IPv4Network, AfterValidator(_small_block)] = IPv4Network("10.199.0.0/30")
    api_port: Port = 6443
    """127.0.0.1:<api_port> of the host reaches the API server."""
    registry_port: Port = 30500
    """127.0.0.1:<registry_port> is the image registry, on the host and for the node alike."""
    published_ports: tuple[NodePort, ...] = ()
    """NodePorts that answer on 127.0.0.1 of the host."""

    @model_validator(mode="after")
    def _ports_differ(self) -> "NodeSpec":
        ports = self.host_ports()
        twice = sorted({port for port in ports if ports.count(port) > 1})
        if twice:
            raise ValueError(
                f"port {twice[0]} is used twice among api_port, registry_port and published_ports; "
                "each needs its own"
            )
        return self

    @property
    def host_address(self) -> IPv4Address:
        """The host's end of the link to the node."""
        return self.address_block[1]

    @property
    def node_address(self) -> IPv4Address:
        """The node's InternalIP, and the address that the API server advertises."""
        return self.address_block[2]

    @property
    def registry(self) -> str:
        """The registry as image references spell it."""
        return f"127.0.0.1:{self.registry_port}"

    def host_ports(self) -> tuple[int, ...]:
        """Every port that the node takes on the host's 127.0.0.1."""
        return (self.api_port, self.registry_port, *self.published_ports)


class Binaries(BaseModel):
    """Folders that hold the node's programs, as `mlops_local.toolchain` builds them."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    kubernetes: Path
    etcd: Path
    registry: Path


class NodeAccess(BaseModel):
    """How to reach a running node from the host."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    kubeconfig: Path
    """Mode 0600; a cluster administrator's, server https://127.0.0.1:<api_port>."""
    registry: str


class ProcessState(StrEnum):
    """Supervisor's states (http://supervisord.org/subprocess.html#process-states)."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"


class ProcessStatus(BaseModel):
    """One supervised program; `pid` is the host's id, None when it does not run."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: str
    state: ProcessState
    pid: int | None


class NodeStatus(BaseModel):
    """What runs now. `ready`: the API server says so and the Kubernetes node is Ready."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    running: bool
    ready: bool
    processes: tuple[ProcessStatus, ...] = Field(default=())
