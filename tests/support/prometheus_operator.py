"""What prometheus-operator v0.85.0 takes: the schemas of its definitions, without their texts.

`prometheus_operator_specs.json` is, by kind, `spec` of the schema of v1 in
example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml of the Go module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

_SPECS = json.loads(Path(__file__).with_name("prometheus_operator_specs.json").read_text())


def faults(kind: str, spec: Any) -> list[str]:
    """What the API server would refuse in a spec, or drop: a field that the kind does not have."""
    found = jsonschema_rs.validator_for(_closed(_SPECS[kind])).iter_errors(spec)
    return [f"{'/'.join(str(step) for step in error.instance_path)}: {error.message}" for error in found]


def _closed(schema: Any) -> Any:
    """The schema with every object that names its fields having no other."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _closed(value) for key, value in schema.items()}
    named = isinstance(inner.get("properties"), dict) and inner.get("type") == "object"
    return {**inner, "additionalProperties": False} if named else inner
