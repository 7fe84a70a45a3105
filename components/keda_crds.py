"""Write `pulumi_mlops/crds/` from the source of the KEDA version that `local/mlops_local/go/keda` pins.

    python components/keda_crds.py FOLDER_OF_THE_KEDA_MODULE

Descriptions are left out, and of ScaledJob the whole schema: it is 600 kB of pod template for a kind that
the operator insists on having and the component gives it no right to act on.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parent / "pulumi_mlops" / "crds"
UNUSED = {"ScaledJob"}
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def vendored(crd: dict[str, Any]) -> dict[str, Any]:
    """What the component registers of one CustomResourceDefinition: its name and its spec."""
    spec = crd["spec"]
    for version in spec["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        version["schema"]["openAPIV3Schema"] = (
            ANYTHING if spec["names"]["kind"] in UNUSED else without_descriptions(schema)
        )
    return {"name": crd["metadata"]["name"], "spec": spec}


def without_descriptions(schema: Any) -> Any:
    """The schema without its texts; a property that is itself called `description` stays."""
    if isinstance(schema, list):
        return [without_descriptions(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_descriptions(value)
        for key, value in schema.items()
        if key != "description" or not isinstance(value, str)
    }


def main() -> None:
    """Replace every file of the target folder."""
    TARGET.mkdir(exist_ok=True)
    for path in TARGET.glob("*.json"):
        path.unlink()
    for path in sorted((Path(sys.argv[1]) / "config" / "crd" / "bases").glob("*.yaml")):
        crd = vendored(yaml.safe_load(path.read_text()))
        text = json.dumps(crd, indent=1, sort_keys=True) + "\n"
        (TARGET / f"{crd['name']}.json").write_text(text)


if __name__ == "__main__":
    main()
