from __future__ import annotations

import os
import socket
from ipaddress import IPv4Network
from pathlib import Path

from mlops_local.machine_facts import (
    available_memory,
    disks,
    gather,
    listening_sockets,
    routed_networks,
)
from mlops_local.node import NodeSpec

TCP = """\
  sl  local_address rem_address   st tx:rx tr:when retr uid timeout inode
   0: 0100007F:192B 00000000:0000 0A 0:0 0:0 0 0 0 4711 1 0 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 0:0 0:0 0 0 0 4712 1 0 100 0 0 10 0
   2: 020200C0:0050 00000000:0000 0A 0:0 0:0 0 0 0 4713 1 0 100 0 0 10 0
   3: 0100007F:7580 0100007F:9999 01 0:0 0:0 0 0 0 4714 1 0 100 0 0 10 0
"""
ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
mlops\t0000C70A\t00000000\t0001\t0\t0\t0\tFCFFFFFF\t0\t0\t0
"""


def test_listeners_on_loopback_and_everywhere_count_and_others_do_not() -> None:
    assert listening_sockets(TCP) == {6443: "4711", 22: "4712"}


def test_networks_are_those_routed_to_other_devices_and_never_the_default() -> None:
    assert routed_networks(ROUTES, apart_from="mlops") == ((IPv4Network("192.0.2.0/24"), "eth0"),)
    assert routed_networks(ROUTES, apart_from="x")[1] == (IPv4Network("10.199.0.0/30"), "mlops")


def test_available_memory_is_what_the_kernel_says() -> None:
    assert available_memory("MemTotal: 100 kB\nMemAvailable:  42 kB\n") == 42 * 1024
    assert available_memory("") == 0


def test_one_file_system_is_one_disk_and_needs_less_once_built(tmp_path: Path) -> None:
    (cold,) = disks(tmp_path / "home", tmp_path / "cache", warm=False)
    (warm,) = disks(tmp_path / "home", tmp_path / "cache", warm=True)
    assert (cold.folder, cold.needed_bytes >> 30, warm.needed_bytes >> 30) == (tmp_path / "cache", 15, 3)
    assert cold.free_bytes > 0


def test_the_holder_of_a_taken_port_is_named(short_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        spec = NodeSpec(name="mlops-absent", home=short_path / "n", api_port=port)
        facts = gather(spec, short_path / "cache")
    name = Path("/proc/self/comm").read_text().strip()
    assert facts.listeners[port] == f"process {os.getpid()} ({name})"
    assert facts.node_runs is False
