"""Programs that reuse the components, run by the real engine on the running platform."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from example_stacks import access, folder_of, gone, initialized
from running_platform import ROOT, Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

OBJECTS = ("deployment", "service", "serviceaccount", "networkpolicy", "hpa", "pdb")


def shapes(platform: Platform, namespace: str) -> dict[str, Any]:
    """Labels and spec of the endpoint's objects, without what the cluster adds and where they are."""
    found = {}
    for kind in OBJECTS:
        item = platform.get(kind, "mortgage", "-n", namespace)
        spec = item.get("spec", {})
        for key in ("clusterIP", "clusterIPs"):
            spec.pop(key, None)
        found[kind] = (item["metadata"]["labels"], json.loads(json.dumps(spec).replace(namespace, "NS")))
    return found


def test_a_program_in_yaml_makes_what_the_program_in_python_makes(platform: Platform, tmp_path: Path) -> None:
    values = access(platform)
    yaml_program = initialized(folder_of("yaml_endpoint"), "yaml", tmp_path, values)
    with (
        yaml_program as of_yaml,
        initialized(folder_of("team_endpoint"), "python", tmp_path, values) as of_python,
    ):
        of_yaml.pulumi("up", "--yes", "--non-interactive")
        of_python.pulumi("up", "--yes", "--non-interactive")
        assert shapes(platform, "yaml-team") == shapes(platform, "risk-team")
        assert of_yaml.pulumi("stack", "output", "url").strip() == "http://mortgage.yaml-team.svc:8080"
        of_yaml.pulumi("preview", "--expect-no-changes", "--non-interactive")
        state = of_yaml.pulumi("stack", "export")
        assert values["storeSecretKey"] not in state
    gone(platform, "yaml-team", "risk-team")


def test_a_program_in_yaml_is_told_which_argument_is_wrong(platform: Platform, tmp_path: Path) -> None:
    values = access(platform) | {"image": "serving:latest"}
    with initialized(folder_of("yaml_endpoint"), "yaml-bad", tmp_path, values) as example:
        shown = example.pulumi("preview", "--non-interactive", check=False)
    # The engine breaks lines by the width of a terminal.
    problem = "property image with value '{serving:latest}' has a problem: 'serving:latest' does not name an "
    assert f"{problem}image by digest" in re.sub(r"\s+", " ", shown)
    assert "Traceback" not in shown


def test_an_endpoint_comes_up_on_a_cluster_and_a_bucket_that_exist(
    platform: Platform, tmp_path: Path
) -> None:
    known = access(platform)
    context = yaml.safe_load(platform.kubeconfig.read_text())["current-context"]
    values = {
        "kubeconfig": str(platform.kubeconfig),
        "context": context,
        "imageRegistry": known["image"].split("/")[0],
        "storeUrl": "http://object-store.mlops-system.svc:7070",
        "storePort": "7070",
        "bucket": "models",
        "storeKeyId": known["storeKeyId"],
        "storeSecretKey": known["storeSecretKey"],
        "image": known["image"],
        "model": "mortgage",
        "version": "1",
    }
    with initialized(folder_of("own_cluster_and_bucket"), "own", tmp_path, values) as example:
        example.pulumi("up", "--yes", "--non-interactive")
        deployment = platform.get("deployment", "scoring", "-n", "own-models")
        assert deployment["status"]["readyReplicas"] == 1
        made = json.loads(example.pulumi("stack", "export"))["deployment"]["resources"]
        store = next(each["urn"] for each in made if each["type"] == "mlops:index:ObjectStore")
        assert [each["urn"] for each in made if each.get("parent") == store] == []
        example.pulumi("preview", "--expect-no-changes", "--non-interactive")
    gone(platform, "own-models")


def test_the_examples_hold_no_secret_and_no_state() -> None:
    names = {path.name for path in (ROOT / "examples").rglob("*") if path.is_file()}
    assert {name for name in names if not name.endswith(".pyc")} == {"Pulumi.yaml", "__main__.py"}
