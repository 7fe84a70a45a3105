"""What takes tags, as the SDK has it; `MLOPS_WRITE_GOLDEN=1 pytest <this file>` writes it anew."""

from __future__ import annotations

import json
import os
import re
from importlib import resources, util
from pathlib import Path

_TOKEN = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'aws:([^/']+)/\w+:(\w+)'")
_TAGS = re.compile(r"^\s+tags: ", re.MULTILINE)


def in_the_sdk() -> dict[str, list[str]]:
    """Classes whose arguments have `tags`, by service, read from the SDK's sources."""
    spec = util.find_spec("pulumi_aws")
    assert spec is not None
    assert spec.origin is not None
    found: dict[str, list[str]] = {}
    for file in sorted(Path(spec.origin).parent.glob("*/*.py")):
        text = file.read_text()
        token = _TOKEN.search(text)
        if token and _TAGS.search(text[text.index("Args:") : text.index('"""', text.index("def __init__"))]):
            found.setdefault(token[1], []).append(token[2])
    return {service: sorted(names) for service, names in sorted(found.items())}


def test_every_class_of_the_sdk_that_takes_tags_is_known() -> None:
    wanted = in_the_sdk()
    source = Path(str(resources.files("mlops_policy.cost"))) / "taggable.json"
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        lines = [f" {json.dumps(service)}: {json.dumps(names)}" for service, names in wanted.items()]
        source.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    assert sum(map(len, wanted.values())) > 800
    assert json.loads(source.read_text()) == wanted
