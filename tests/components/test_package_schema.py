"""The package's schema, which programs in other languages are built on: `pulumi_mlops/schema.json`.

`MLOPS_WRITE_GOLDEN=1 pytest <this file>` writes it anew, once a change of it is meant.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import pulumi_mlops
import schema_changes
from pulumi_mlops import aws, component_host

FOLDER = Path(pulumi_mlops.__file__).parent
GOLDEN = FOLDER / "schema.json"
AWS_TYPE_TOKENS = {
    "Budget": "mlops:index:Budget",
    "CiRole": "mlops:index:CiRole",
    "CloudAlarms": "mlops:index:CloudAlarms",
    "EcrRegistry": "mlops:index:EcrRegistry",
    "Edge": "mlops:index:Edge",
    "EksCluster": "mlops:index:EksCluster",
    "EncryptionKey": "mlops:index:EncryptionKey",
    "HostedZone": "mlops:index:HostedZone",
    "LoadBalancerController": "mlops:index:LoadBalancerController",
    "Network": "mlops:index:Network",
    "PermissionsBoundary": "mlops:index:PermissionsBoundary",
    "RdsDatabase": "mlops:index:RdsDatabase",
    "S3ObjectStore": "mlops:index:S3ObjectStore",
    "ServiceRole": "mlops:index:ServiceRole",
    "WebAcl": "mlops:index:WebAcl",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return component_host.inferred_schema()


def test_the_schema_is_the_golden_one_and_no_change_breaks_a_program(schema: dict[str, Any]) -> None:
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n")
    golden = json.loads(GOLDEN.read_text())
    changes = schema_changes.between(golden, schema)
    assert changes.breaking == [], (
        "raise the version, say so in docs/reuse.md, then write the golden file anew"
    )
    assert changes.additions == [], "write the golden file anew"
    assert golden == schema


def test_the_type_tokens_are_these(schema: dict[str, Any]) -> None:
    exported = {name: getattr(pulumi_mlops, name) for name in pulumi_mlops.__all__}
    in_the_cluster = [
        f"mlops:index:{name}"
        for name, kind in exported.items()
        if inspect.isclass(kind) and issubclass(kind, pulumi.ComponentResource)
    ]
    assert sorted(schema["resources"]) == sorted([*in_the_cluster, *AWS_TYPE_TOKENS.values()])


@pytest.mark.parametrize(("name", "token"), sorted(AWS_TYPE_TOKENS.items()))
def test_a_component_for_aws_registers_by_its_token(name: str, token: str) -> None:
    source = inspect.getsource(component_host.load(name))
    assert f'super().__init__("{token}"' in source.replace("\n            ", "")


def test_no_component_for_aws_is_missing() -> None:
    found = {
        name
        for module in pkgutil.iter_modules(aws.__path__)
        for name, kind in vars(importlib.import_module(f"pulumi_mlops.aws.{module.name}")).items()
        if inspect.isclass(kind) and issubclass(kind, pulumi.ComponentResource)
        if kind.__module__ == f"pulumi_mlops.aws.{module.name}"
    }
    assert found == set(AWS_TYPE_TOKENS)


def test_every_argument_of_a_component_for_aws_is_described(schema: dict[str, Any]) -> None:
    silent = [
        f"{token}.{name}"
        for token, kind in [*schema["resources"].items(), *schema["types"].items()]
        for name, definition in (kind.get("inputProperties") or kind.get("properties") or {}).items()
        if not definition.get("description")
    ]
    assert silent == []


def test_the_version_is_the_same_everywhere(schema: dict[str, Any]) -> None:
    plugin = yaml.safe_load((FOLDER.parent / "PulumiPlugin.yaml").read_text())
    assert {plugin["version"], schema["version"], component_host.version()} == {"0.1.0"}
    assert plugin["name"] == schema["name"] == "mlops"


def test_an_unknown_component_is_told_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no component 'mlops:index:Endpoint'; there are: AdmissionPolicies"):
        component_host.component_of("mlops:index:Endpoint")
