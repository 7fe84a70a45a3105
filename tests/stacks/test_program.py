"""The whole program on the recording engine, for every environment in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_stacks import program
from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import SECRET_NAMES
from recording_engine import SECRET, Recording, registered
from stack_settings import IMAGES

STACKS = Path(__file__).parents[2] / "stacks"
GOLDEN = Path(__file__).parents[1] / "components" / "golden"
ENVIRONMENTS = sorted(
    path.name.split(".")[1]
    for path in STACKS.glob("Pulumi.*.yaml")
    if "mlops:aws" not in yaml.safe_load(path.read_text())["config"]
)
"""Those whose whole ground is at hand; tests/stacks/aws has the others."""
KUBECONFIG = {
    "current-context": "admin",
    "contexts": [{"name": "admin", "context": {"cluster": "node", "user": "admin"}}],
    "clusters": [{"name": "node", "cluster": {"server": "https://127.0.0.1:6443"}}],
    "users": [{"name": "admin", "user": {"client-key-data": "secret-client-key"}}],
}


def config_of(environment: str, folder: Path, **changes: Any) -> dict[str, str]:
    """The configuration as the engine hands it over: JSON for sections, text for the rest."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(KUBECONFIG))
    values = yaml.safe_load((STACKS / f"Pulumi.{environment}.yaml").read_text())["config"]
    values |= {
        "mlops:kubeconfig": str(kubeconfig),
        "mlops:images": IMAGES,
        "mlops:secrets": {name: f"secret-{name}" for name in SECRET_NAMES},
    }
    values |= {f"mlops:{key}": value for key, value in changes.items()}
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if value is not None
    }


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Recording]:
    """One environment's name and what its program registers."""
    config = config_of(request.param, tmp_path_factory.mktemp(request.param))
    return request.param, registered(program.main, config=config)


def test_every_urn_is_the_golden_one(environment: tuple[str, Recording]) -> None:
    """A changed line is a resource replaced in production: it needs an alias and an upgrade note."""
    name, recording = environment
    assert recording.urns == (GOLDEN / f"{name}.txt").read_text().splitlines()


def test_a_preview_registers_what_an_update_registers(tmp_path: Path) -> None:
    config = config_of("local", tmp_path)
    update = registered(program.main, config=config)
    preview = registered(program.main, config=config, preview=True)
    assert preview.resources == update.resources


def test_no_secret_is_registered_or_exported_in_clear(environment: tuple[str, Recording]) -> None:
    _, recording = environment
    shown = json.dumps([[r.inputs for r in recording.resources], recording.outputs, recording.exports])
    assert "secret-" not in shown


def test_the_stack_exports_what_clients_and_other_stacks_need(tmp_path: Path) -> None:
    recording = registered(program.main, config=config_of("local", tmp_path))
    assert recording.exports == {
        "endpoints": [
            {"name": "mortgage", "url": "http://127.0.0.1:30080", "model": "mortgage", "version": "release"}
        ],
        "modelRegistryUrl": "http://127.0.0.1:30501",
        "objectStoreUrl": "http://127.0.0.1:30900",
        "imageRegistry": "127.0.0.1:30500",
        "prometheusUrl": "http://prometheus.mlops-system.svc:9090",
        "alertmanagerUrl": "http://alertmanager.mlops-system.svc:9093",
        "kubeconfig": SECRET,
    }


def test_all_requests_leave_the_control_plane_room_on_two_cores(environment: tuple[str, Recording]) -> None:
    _, recording = environment
    millicores = sum(
        int(container["resources"]["requests"]["cpu"].removesuffix("m"))
        for resource in recording.resources
        if "template" in (spec := resource.inputs.get("spec") or {})
        for container in spec["template"]["spec"]["containers"]
    )
    assert millicores <= 600


def test_objectives_and_owner_of_an_endpoint_reach_its_rules(tmp_path: Path) -> None:
    endpoint = {
        "name": "mortgage",
        "model": "mortgage",
        "owner": "credit-risk",
        "slo": {"availability": 99.5, "latency": {"percent": 99, "seconds": 0.25}},
        "drift": {"leastRows": 500, "outputs": ["label"]},
    }
    recording = registered(program.main, config=config_of("local", tmp_path, endpoints=[endpoint]))
    rules = recording.outputs["mlops"]["alert_rules"]["endpoint-mortgage.yaml"]
    assert 'owner: "credit-risk"' in rules
    assert "mlops:request_slow:ratio_rate1h" in rules
    assert "mlops:drift_rows:1h >= 500" in rules
    assert 'feature=~"(label)([.].*)?"' in rules


def test_the_collector_of_an_endpoint_reaches_its_server(tmp_path: Path) -> None:
    tracing = {"endpoint": "http://collector.telemetry.svc:4318", "sampleRatio": 1}
    endpoint = {"name": "mortgage", "model": "mortgage", "tracing": tracing}
    recording = registered(program.main, config=config_of("local", tmp_path, endpoints=[endpoint]))
    (server,) = [one for one in recording.resources if one.name == "mlops-mortgage-endpoint-server"]
    variables = server.inputs["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "MLOPS_OTLP_ENDPOINT", "value": tracing["endpoint"]} in variables
    assert {"name": "MLOPS_TRACE_SAMPLE", "value": "1.0"} in variables


def test_every_key_of_the_project_is_read_so_a_mistyped_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="mlops:databse: unknown key"):
        registered(program.main, config=config_of("local", tmp_path, databse={"size": "5Gi"}))


@pytest.mark.parametrize("section", ["images", "secrets", "kubeconfig"])
def test_what_up_writes_is_asked_for_by_name(section: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"mlops:{section}: nothing was given; `mlops up`"):
        registered(program.main, config=config_of("local", tmp_path, **{section: None}))


def test_an_existing_cluster_is_reached_by_its_context_alone(tmp_path: Path) -> None:
    cluster = {
        "maker": "kubeconfig",
        "kubeconfig": str(tmp_path / "kubeconfig"),
        "context": "admin",
        "imageRegistry": "registry.example.com/mlops",
        "ingressAddress": "10.0.0.9",
    }
    recording = registered(
        program.main, config=config_of("local", tmp_path, cluster=cluster, kubeconfig=None)
    )
    assert recording.of("kubernetes").inputs["context"] == "admin"
    assert recording.exports["endpoints"][0]["url"] == "http://10.0.0.9:30080"
    claims = [
        claim
        for resource in recording.resources
        for claim in (resource.inputs.get("spec") or {}).get("volumeClaimTemplates", [])
    ]
    assert len(claims) == 4
    assert not any("storageClassName" in claim["spec"] for claim in claims)
