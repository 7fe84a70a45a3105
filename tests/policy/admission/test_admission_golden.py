"""What the components hand to the API server is what the rules say.

`MLOPS_WRITE_GOLDEN=1 pytest <this file>` writes it anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pulumi_mlops
from mlops_policy.admission.documents import policies
from mlops_policy.catalog import RULES

GENERATED = Path(pulumi_mlops.__file__).parent / "admission_policies.json"


def test_the_components_have_the_policies_that_the_rules_say() -> None:
    text = json.dumps(policies(RULES), indent=1) + "\n"
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        GENERATED.write_text(text)
    assert GENERATED.read_text().splitlines() == text.splitlines()
