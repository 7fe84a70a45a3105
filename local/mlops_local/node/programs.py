"""The node's supervised programs, with their arguments. Pure: supervisor's configuration is rendered from it.

Protocol sources: `kubeadm init phase control-plane all` for the control plane's flags, etcd's and kubelet's
own references. Secrets are passed as file paths only.
"""

from dataclasses import dataclass, field
from pathlib import Path

from mlops_local.node.layout import (
    INSIDE_CONTAINERD_SOCKET,
    INSIDE_REGISTRY_SOCKET,
    Layout,
    network_namespace,
)
from mlops_local.node.spec import API_PORT_INSIDE, POD_BLOCK, SERVICE_BLOCK, Binaries, NodeSpec

API_SERVER = "kube-apiserver"
KUBELET = "kubelet"


@dataclass(frozen=True)
class Program:
    """One supervised program and the environment variables that it gets on top of the node's."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def node_programs(spec: NodeSpec, binaries: Binaries) -> tuple[Program, ...]:
    """Programs that live in the node's network, in the order of starting."""
    enter = ("nsenter", f"--net={network_namespace(spec.name)}", "--")
    layout = Layout(spec.home)
    return tuple(
        Program(name, (*enter, *command), environment)
        for name, command, environment in (
            ("etcd", _etcd(spec, layout, binaries), {"GOGC": "50"}),
            (
                "registry",
                (str(binaries.registry / "registry"), "serve", str(layout.config / "registry.yaml")),
                {},
            ),
            ("registry-loopback", _socat(spec.registry_port, f"UNIX-CONNECT:{INSIDE_REGISTRY_SOCKET}"), {}),
            ("containerd", ("containerd", "--config", str(layout.config / "containerd.toml")), {}),
            (API_SERVER, _api_server(spec, layout, binaries), {"GOGC": "50"}),
            ("kube-controller-manager", _controller_manager(layout, binaries), {"GOGC": "50"}),
            ("kube-scheduler", _scheduler(layout, binaries), {"GOGC": "50"}),
            (KUBELET, _kubelet(spec, layout, binaries), {}),
            ("kube-proxy", _kube_proxy(layout, binaries), {}),
        )
    )


def forwarders(spec: NodeSpec) -> tuple[Program, ...]:
    """One program for each port on the host's 127.0.0.1; they stay in the host's network."""
    targets = {
        spec.api_port: f"TCP:{spec.node_address}:{API_PORT_INSIDE}",
        spec.registry_port: f"UNIX-CONNECT:{INSIDE_REGISTRY_SOCKET}",
        **{port: f"TCP:{spec.node_address}:{port}" for port in spec.published_ports},
    }
    return tuple(Program(f"forward-{port}", _socat(port, target)) for port, target in targets.items())


def _socat(port: int, target: str) -> tuple[str, ...]:
    return ("socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay", target)


def _etcd(spec: NodeSpec, layout: Layout, binaries: Binaries) -> tuple[str, ...]:
    pki = layout.pki / "etcd"
    return (
        str(binaries.etcd / "etcd"),
        f"--name={spec.name}",
        f"--data-dir={layout.etcd}",
        "--listen-client-urls=https://127.0.0.1:2379",
        "--advertise-client-urls=https://127.0.0.1:2379",
        "--listen-peer-urls=https://127.0.0.1:2380",
        "--initial-advertise-peer-urls=https://127.0.0.1:2380",
        f"--initial-cluster={spec.name}=https://127.0.0.1:2380",
        "--client-cert-auth=true",
        f"--trusted-ca-file={pki / 'ca.crt'}",
        f"--cert-file={pki / 'server.crt'}",
        f"--key-file={pki / 'server.key'}",
        "--peer-client-cert-auth=true",
        f"--peer-trusted-ca-file={pki / 'ca.crt'}",
        f"--peer-cert-file={pki / 'peer.crt'}",
        f"--peer-key-file={pki / 'peer.key'}",
        "--snapshot-count=5000",
        "--log-level=warn",
    )


def _api_server(spec: NodeSpec, layout: Layout, binaries: Binaries) -> tuple[str, ...]:
    pki = layout.pki
    return (
        str(binaries.kubernetes / API_SERVER),
        f"--advertise-address={spec.node_address}",
        f"--bind-address={spec.node_address}",
        f"--secure-port={API_PORT_INSIDE}",
        f"--authentication-config={layout.config / 'authentication.yaml'}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--encryption-provider-config={layout.credentials / 'encryption.yaml'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        "--etcd-servers=https://127.0.0.1:2379",
        f"--etcd-cafile={pki / 'etcd/ca.crt'}",
        f"--etcd-certfile={pki / 'apiserver-etcd-client.crt'}",
        f"--etcd-keyfile={pki / 'apiserver-etcd-client.key'}",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--proxy-client-cert-file={pki / 'front-proxy-client.crt'}",
        f"--proxy-client-key-file={pki / 'front-proxy-client.key'}",
        f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki / 'sa.pub'}",
        f"--service-account-signing-key-file={pki / 'sa.key'}",
        f"--service-cluster-ip-range={SERVICE_BLOCK}",
        "--profiling=false",
    )


def _controller_manager(layout: Layout, binaries: Binaries) -> tuple[str, ...]:
    pki, kubeconfig = layout.pki, layout.kubeconfigs / "controller-manager.conf"
    return (
        str(binaries.kubernetes / "kube-controller-manager"),
        *_control_plane_client(kubeconfig, pki),
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--cluster-signing-cert-file={pki / 'ca.crt'}",
        f"--cluster-signing-key-file={pki / 'ca.key'}",
        f"--service-account-private-key-file={pki / 'sa.key'}",
        f"--cluster-cidr={POD_BLOCK}",
        f"--service-cluster-ip-range={SERVICE_BLOCK}",
        "--use-service-account-credentials=true",
        "--terminated-pod-gc-threshold=50",
    )


def _scheduler(layout: Layout, binaries: Binaries) -> tuple[str, ...]:
    kubeconfig = layout.kubeconfigs / "scheduler.conf"
    return (str(binaries.kubernetes / "kube-scheduler"), *_control_plane_client(kubeconfig, layout.pki))


def _control_plane_client(kubeconfig: Path, pki: Path) -> tuple[str, ...]:
    # One replica: an election would only write a lease every two seconds, and end the holder without etcd.
    return (
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
    )


def _kubelet(spec: NodeSpec, layout: Layout, binaries: Binaries) -> tuple[str, ...]:
    return (
        str(binaries.kubernetes / KUBELET),
        f"--config={layout.config / 'kubelet.yaml'}",
        f"--kubeconfig={layout.kubeconfigs / 'kubelet.conf'}",
        f"--root-dir={layout.kubelet}",
        f"--hostname-override={spec.name}",
        f"--node-ip={spec.node_address}",
        f"--container-runtime-endpoint=unix://{INSIDE_CONTAINERD_SOCKET}",
    )


def _kube_proxy(layout: Layout, binaries: Binaries) -> tuple[str, ...]:
    return (str(binaries.kubernetes / "kube-proxy"), f"--config={layout.config / 'kube-proxy.yaml'}")
