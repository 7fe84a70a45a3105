from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import SECRET_NAMES, ExistingCluster, LocalNodeCluster, load
from stack_settings import problem

STACKS = Path(__file__).parents[2] / "stacks"
LOCAL_NODE = {"maker": "local-node"}
ENDPOINT = {"name": "mortgage", "model": "mortgage"}
PIPELINE = {"name": "mortgage-approval", "model": "mortgage", "endpoint": "mortgage"}


@pytest.mark.parametrize("path", sorted(STACKS.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_every_environment_in_the_repository_loads(path: Path) -> None:
    load(yaml.safe_load(path.read_text())["config"])


def test_environments_on_this_machine_share_no_port_address_or_name() -> None:
    settings = [
        load(yaml.safe_load((STACKS / f"Pulumi.{name}.yaml").read_text())["config"])
        for name in ("local", "e2e")
    ]
    clusters = [s.cluster for s in settings if isinstance(s.cluster, LocalNodeCluster)]
    assert len(clusters) == 2
    one, two = clusters
    assert not one.address_block.overlaps(two.address_block)
    assert one.name != two.name
    ports = [{*s.node_ports(), c.api_port, c.registry_port} for s, c in zip(settings, clusters, strict=True)]
    assert ports[0] & ports[1] == set()


def test_a_local_node_has_defaults_for_all_but_its_maker() -> None:
    settings = load({"cluster": LOCAL_NODE})
    assert isinstance(settings.cluster, LocalNodeCluster)
    assert (settings.cluster.name, settings.cluster.api_port, settings.cluster.registry_port) == (
        "mlops",
        6443,
        30500,
    )
    assert str(settings.cluster.address_block) == "10.199.0.0/30"
    assert settings.node_ports() == ()


def test_an_existing_cluster_is_named_by_its_context() -> None:
    cluster = {
        "maker": "kubeconfig",
        "kubeconfig": "~/.kube/config",
        "context": "prod",
        "imageRegistry": "registry.example.com/mlops",
        "ingressAddress": "10.0.0.9",
        "storageClass": None,
    }
    settings = load({"cluster": cluster})
    assert isinstance(settings.cluster, ExistingCluster)
    assert settings.cluster.context == "prod"


def test_keys_may_have_the_projects_prefix_and_other_prefixes_are_not_ours() -> None:
    settings = load(
        {"mlops:cluster": LOCAL_NODE, "mlops:database": {"size": "9Gi"}, "kubernetes:context": "x"}
    )
    assert settings.database.size == "9Gi"


def test_encrypted_secrets_are_left_to_the_engine() -> None:
    settings = load({"cluster": LOCAL_NODE, "secrets": {"databasePassword": {"secure": "v1:x"}}})
    assert settings.secrets is None


def test_secrets_are_hidden_when_printed() -> None:
    settings = load({"cluster": LOCAL_NODE, "secrets": dict.fromkeys(SECRET_NAMES, "hunter22")})
    assert "hunter22" not in repr(settings)


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(Exception, match="frozen"):
        load({"cluster": LOCAL_NODE}).kubeconfig = "x"  # type: ignore[misc]


def test_published_ports_are_listed_ascending() -> None:
    settings = load(
        {
            "cluster": LOCAL_NODE,
            "objectStore": {"nodePort": 30900},
            "modelRegistry": {"nodePort": 30501},
            "endpoints": [{**ENDPOINT, "nodePort": 30080}, {"name": "b", "model": "b"}],
        }
    )
    assert settings.node_ports() == (30080, 30501, 30900)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"cluster": LOCAL_NODE, "endpointz": []},
            "mlops:endpointz: unknown key (did you mean endpoints?); allowed are cluster, "
            "aws, objectStore, database, "
            "modelRegistry, keda, monitoring, remediation, pipelines, endpoints, admission, policy, "
            "kubeconfig, images, secrets",
        ),
        (
            {"cluster": LOCAL_NODE, "database": {"siz": "5Gi"}},
            "mlops:database.siz: unknown key (did you mean size?); allowed are cpu, memory, "
            "memoryLimit, size",
        ),
        (
            {"cluster": {"maker": "local-node", "apiport": 6443}},
            "mlops:cluster.apiport: unknown key (did you mean apiPort?); allowed are maker, name, "
            "addressBlock, "
            "apiPort, registryPort",
        ),
        (
            {"cluster": LOCAL_NODE, "database": {"node_port": 1}},
            "mlops:database.node_port: unknown key; allowed are cpu, memory, memoryLimit, size",
        ),
        ({}, "mlops:cluster: this key is required and was not given"),
        (
            {"cluster": {"maker": "gke"}},
            "mlops:cluster.maker: 'gke' was given; allowed are 'local-node', 'kubeconfig', 'eks'",
        ),
        (
            {"cluster": {"name": "x"}},
            "mlops:cluster.maker: nothing was given; allowed are 'local-node', 'kubeconfig', 'eks'",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{"name": "mortgage"}]},
            "mlops:endpoints[0].model: this key is required and was not given",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "version": 1}]},
            "mlops:endpoints[0].version: 1 was given; allowed is text (in quotes if it looks like a number)",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "minReplicas": "2"}]},
            "mlops:endpoints[0].minReplicas: '2' was given; allowed is a whole number",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "minReplicas": 4}]},
            "mlops:endpoints[0]: minReplicas, 4, is more than maxReplicas, 3",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "slo": {"availability": 100}}]},
            "mlops:endpoints[0].slo.availability: 100 is not an objective; allowed is more than 0 and less "
            "than 100 percent, such as 99.5. 100 leaves no budget, so that every single failure would be a "
            "breach: choose 99.9 instead",
        ),
        (
            {
                "cluster": LOCAL_NODE,
                "endpoints": [
                    {**ENDPOINT, "slo": {"availability": 99, "latency": {"percent": 99, "seconds": 0.2}}}
                ],
            },
            "mlops:endpoints[0].slo.latency.seconds: 0.2 seconds cannot be told from the histogram "
            "mlops_request_seconds; choose one of its bounds: 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, "
            "0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "slo": {"availability": 99, "latncy": 1}}]},
            "mlops:endpoints[0].slo.latncy: unknown key (did you mean latency?); allowed are availability, "
            "latency",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "drift": {"leastRow": 9}}]},
            "mlops:endpoints[0].drift.leastRow: unknown key (did you mean leastRows?); allowed are level, "
            "leastRows, leastEffect, outputs",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "owner": "{{ me }}"}]},
            "mlops:endpoints[0].owner: '{{ me }}' cannot be an owner; allowed are up to 63 letters, digits, "
            "spaces and _.@+/-, a letter or digit first, such as credit-risk or team@example.org",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": ENDPOINT},
            "mlops:endpoints: {'name': 'mortgage', 'model': 'mortgage'} was given; allowed is a list",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "poll": "5"}]},
            "mlops:endpoints[0].poll: '5' is not a length of time; allowed is a whole number and s, m or h, "
            "such as 30s",
        ),
        (
            {"cluster": LOCAL_NODE, "database": 5},
            "mlops:database: 5 was given; allowed is a section with keys",
        ),
        (
            {"cluster": LOCAL_NODE, "database": {"memory": "2Gi", "memoryLimit": "1Gi"}},
            "mlops:database: memory, 2Gi, is more than memoryLimit, 1Gi",
        ),
        (
            {"cluster": {"maker": "local-node", "addressBlock": "10.0.0.0/24"}},
            "mlops:cluster.addressBlock: 10.0.0.0/24 is not a block of four addresses; allowed is a "
            "/30 such as "
            "10.199.0.0/30",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [ENDPOINT, ENDPOINT]},
            "endpoints: the name mortgage is there twice; each must differ",
        ),
        (
            {"cluster": LOCAL_NODE, "pipelines": [PIPELINE, PIPELINE]},
            "pipelines: the name mortgage-approval is there twice; each must differ",
        ),
        (
            {"cluster": LOCAL_NODE, "objectStore": {"nodePort": 30500}},
            "nodePort, apiPort and registryPort: the port 30500 is there twice; each must differ",
        ),
        (
            {"cluster": LOCAL_NODE, "endpoints": [{**ENDPOINT, "model": "other"}], "pipelines": [PIPELINE]},
            "pipeline mortgage-approval makes model mortgage, but its endpoint mortgage serves "
            "other; the two "
            "must be equal",
        ),
        (
            {"cluster": LOCAL_NODE, "secrets": {**dict.fromkeys(SECRET_NAMES, "x"), "databasePassword": 7}},
            "mlops:secrets.databasePassword: a value that is not shown was given; allowed is text "
            "(in quotes if "
            "it looks like a number)",
        ),
    ],
)
def test_wrong_settings_are_told_by_path_with_what_was_given_and_what_is_allowed(
    values: dict[str, Any], line: str
) -> None:
    assert problem(values) == line


def test_a_kubeconfig_clusters_own_keys_are_told_by_path_too() -> None:
    cluster = {"maker": "kubeconfig", "context": "", "imageRegistry": "r", "ingressAddress": "a"}
    with pytest.raises(SettingsError) as caught:
        load({"cluster": cluster})
    assert [line.strip().split(":")[1] for line in str(caught.value).splitlines()[1:]] == [
        "cluster.kubeconfig",
        "cluster.context",
    ]


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"cluster": LOCAL_NODE, "database": {"size": "5"}, "objectStore": {"nodePort": 80}})
    assert len(str(caught.value).splitlines()) == 3
