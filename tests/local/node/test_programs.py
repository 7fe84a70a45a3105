from __future__ import annotations

from mlops_local.node import Binaries, NodeSpec
from mlops_local.node.programs import forwarders, node_programs


def test_programs_start_in_the_order_of_their_needs(spec: NodeSpec, programs: Binaries) -> None:
    assert [program.name for program in node_programs(spec, programs)] == [
        "etcd",
        "registry",
        "registry-loopback",
        "containerd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
    ]


def test_every_node_program_runs_in_the_nodes_network(spec: NodeSpec, programs: Binaries) -> None:
    entered = {program.command[:3] for program in node_programs(spec, programs)}
    assert entered == {("nsenter", "--net=/run/netns/mlops", "--")}


def test_ports_of_the_host_lead_to_the_node_and_the_registry_to_a_socket(spec: NodeSpec) -> None:
    assert [program.command for program in forwarders(spec)] == [
        ("socat", "TCP-LISTEN:6443,bind=127.0.0.1,fork,reuseaddr,nodelay", "TCP:10.199.0.2:6443"),
        (
            "socat",
            "TCP-LISTEN:30500,bind=127.0.0.1,fork,reuseaddr,nodelay",
            "UNIX-CONNECT:/run/registry.sock",
        ),
        ("socat", "TCP-LISTEN:30080,bind=127.0.0.1,fork,reuseaddr,nodelay", "TCP:10.199.0.2:30080"),
        ("socat", "TCP-LISTEN:30900,bind=127.0.0.1,fork,reuseaddr,nodelay", "TCP:10.199.0.2:30900"),
    ]


def test_the_api_server_authorises_encrypts_and_verifies_kubelet(spec: NodeSpec, programs: Binaries) -> None:
    command = {program.name: program.command for program in node_programs(spec, programs)}["kube-apiserver"]
    assert {
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--encryption-provider-config=/srv/mlops/credentials/encryption.yaml",
        "--kubelet-certificate-authority=/srv/mlops/credentials/pki/ca.crt",
        "--authentication-config=/srv/mlops/etc/authentication.yaml",
    } <= set(command)


def test_etcd_listens_on_the_nodes_loopback_and_asks_for_certificates(
    spec: NodeSpec, programs: Binaries
) -> None:
    command = set(node_programs(spec, programs)[0].command)
    assert {"--listen-client-urls=https://127.0.0.1:2379", "--client-cert-auth=true"} <= command
