"""The node's configuration files as text, from templates beside this module. Pure; `lifecycle` writes them.

Two calls with equal arguments give equal text, so a changed file is what makes `start` restart the node.
"""

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2

from mlops_local.node.layout import CNI_PLUGINS, INSIDE_CONTAINERD_SOCKET, INSIDE_REGISTRY_SOCKET, Layout
from mlops_local.node.programs import Program, forwarders, node_programs
from mlops_local.node.spec import (
    CLUSTER_DOMAIN,
    DNS_ADDRESS,
    PAUSE_IMAGE,
    POD_BLOCK,
    SERVICE_BLOCK,
    Binaries,
    NodeSpec,
)

KUBERNETES_VERSION = "v1.34.4"
_CONFIG_TEMPLATES = (
    "authentication.yaml",
    "cni/10-mlops.conflist",
    "containerd.toml",
    "kube-proxy.yaml",
    "kubelet.yaml",
    "registry.yaml",
    "resolv.conf",
)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("mlops_local.node"),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(()),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: object) -> str:
    """The text of `templates/<template>.j2`; a value that it names and does not get is an error."""
    return _templates().get_template(f"{template}.j2").render(values)


def config_files(spec: NodeSpec, binaries: Binaries) -> dict[Path, str]:
    """Every file that running programs read once: a change in any of them needs a restart."""
    layout = Layout(spec.home)
    files = {layout.config / name: render(name, **_values(spec)) for name in _CONFIG_TEMPLATES}
    files[layout.config / "certs.d" / spec.registry / "hosts.toml"] = render(
        "hosts.toml", registry=spec.registry
    )
    files[layout.supervisor_config] = render(
        "supervisord.conf", layout=layout, programs=_sections(layout, node_programs(spec, binaries))
    )
    return files


def forwarders_file(spec: NodeSpec) -> str:
    """Supervisor's part for the published ports, which may change while the node runs."""
    layout = Layout(spec.home)
    return render("forwarders.conf", programs=_sections(layout, forwarders(spec)))


def kubeadm_file(spec: NodeSpec, pki: Path) -> str:
    """kubeadm's configuration for certificates and kubeconfigs below `pki`."""
    return render("kubeadm.yaml", **_values(spec), pki=pki, version=KUBERNETES_VERSION)


def _values(spec: NodeSpec) -> Mapping[str, object]:
    return {
        "spec": spec,
        "layout": Layout(spec.home),
        "cluster_domain": CLUSTER_DOMAIN,
        "cni_plugins": CNI_PLUGINS,
        "containerd_socket": INSIDE_CONTAINERD_SOCKET,
        "dns_address": DNS_ADDRESS,
        "pause_image": PAUSE_IMAGE,
        "pod_block": POD_BLOCK,
        "registry_socket": INSIDE_REGISTRY_SOCKET,
        "service_block": SERVICE_BLOCK,
    }


def _sections(layout: Layout, programs: tuple[Program, ...]) -> list[dict[str, object]]:
    return [
        {
            "name": program.name,
            "command": _escaped(shlex.join(program.command)),
            "environment": ",".join(
                f'{key}="{_escaped(value)}"' for key, value in program.environment.items()
            ),
            "priority": priority,
            "log": layout.log(program.name),
        }
        for priority, program in enumerate(programs, start=1)
    ]


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
