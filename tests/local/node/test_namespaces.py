from __future__ import annotations

from mlops_local.node import NodeSpec
from mlops_local.node.layout import Layout
from mlops_local.node.namespaces import ENVIRONMENT, UNSHARE, mount_commands, network_commands


def test_nothing_mounted_inside_shows_outside() -> None:
    assert UNSHARE[1:4] == ("--mount", "--propagation", "slave")


def test_run_and_logs_are_the_nodes_own_and_kernel_settings_a_pretence(spec: NodeSpec) -> None:
    assert [command[-1] for command in mount_commands(Layout(spec.home))] == [
        "/run",
        "/var/lib/cni",
        "/var/log",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/vm/panic_on_oom",
        "/proc/sys/kernel/panic",
        "/proc/sys/kernel/panic_on_oops",
        "/proc/sys/kernel/keys/root_maxkeys",
        "/proc/sys/kernel/keys/root_maxbytes",
        "/",
    ]


def test_the_only_routes_are_the_link_and_services(spec: NodeSpec) -> None:
    commands = network_commands(spec)
    assert ("ip", "address", "add", "10.199.0.1/30", "dev", "mlops") in commands
    assert ("ip", "-n", "mlops", "address", "add", "10.199.0.2/30", "dev", "eth0") in commands
    routes = [command for command in commands if "route" in command]
    assert routes == [("ip", "-n", "mlops", "route", "add", "10.96.0.0/16", "via", "10.199.0.1")]


def test_the_callers_environment_does_not_reach_the_node() -> None:
    assert set(ENVIRONMENT) == {"PATH", "LANG", "HOME"}
