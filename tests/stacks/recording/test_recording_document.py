from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlops_stacks.recording import UNKNOWN, Document, Recording, Registration, Secret, document_of

SCHEMA = Path(__file__).parents[3] / "docs" / "render.schema.json"
STORE = Registration(
    urn="urn:pulumi:dev::shop::shop:index:Shop$shop:index:Store::store",
    type="shop:index:Store",
    name="store",
    custom=True,
    parent="urn:pulumi:dev::shop::shop:index:Shop::shop",
    provider="",
    dependencies=("urn:a", "urn:b"),
    protect=False,
    retain_on_delete=True,
    deleted_with="",
    ignore_changes=("size",),
    inputs={"b": {"d": Secret({"deep": "hunter2"}), "c": [UNKNOWN, 1, None]}, "a": "text"},
)


def made(**changes: Any) -> Document:
    return document_of(
        "dev", Recording([STORE], exports={"url": UNKNOWN, "key": Secret("hunter2")}), ("mlops:secrets",)
    ).model_copy(update=changes)


def test_the_json_document_is_exactly_this_and_no_secret_is_in_it() -> None:
    expected = {
        "version": 1,
        "environment": "dev",
        "placeholders": ["mlops:secrets"],
        "resources": [
            {
                "urn": STORE.urn,
                "type": "shop:index:Store",
                "name": "store",
                "custom": True,
                "parent": "urn:pulumi:dev::shop::shop:index:Shop::shop",
                "provider": None,
                "dependencies": ["urn:a", "urn:b"],
                "protect": False,
                "retainOnDelete": True,
                "deletedWith": None,
                "ignoreChanges": ["size"],
                "references": {},
                "inputs": {
                    "a": "text",
                    "b": {"c": [{"$unknown": True}, 1, None], "d": {"$secret": True}},
                },
            }
        ],
        "outputs": {"key": {"$secret": True}, "url": {"$unknown": True}},
    }
    text = made().model_dump_json(by_alias=True, indent=2)
    assert text == json.dumps(expected, indent=2)


def test_a_document_reads_back() -> None:
    assert Document.model_validate_json(made().model_dump_json(by_alias=True)) == made()


@pytest.mark.parametrize("change", [{"version": 2}, {"more": 1}, {"resources": [{"urn": "a"}]}])
def test_another_version_or_a_field_too_many_or_too_few_is_no_document(change: dict[str, Any]) -> None:
    document = json.loads(made().model_dump_json(by_alias=True))
    with pytest.raises(ValidationError):
        Document.model_validate(document | change)


def test_the_schema_in_the_documentation_is_the_models() -> None:
    text = json.dumps(Document.model_json_schema(by_alias=True, mode="serialization"), indent=2) + "\n"
    if os.environ.get("MLOPS_WRITE_GOLDEN"):
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text
