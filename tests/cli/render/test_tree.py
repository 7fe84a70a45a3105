from __future__ import annotations

from typing import Any

import pytest
import yaml

from mlops_cli.errors import UnknownResource
from mlops_cli.render import inputs_of, named, tree_text
from mlops_stacks.recording import Document, Resource


def resource(urn: str, parent: str | None = None, **inputs: Any) -> Resource:
    return Resource(
        urn=urn,
        type=urn.split("::")[0],
        name=urn.split("::")[1],
        custom=parent is not None,
        parent=parent,
        provider=None,
        dependencies=(),
        protect=False,
        retain_on_delete=False,
        deleted_with=None,
        ignore_changes=(),
        inputs=inputs,
    )


DOCUMENT = Document(
    environment="dev",
    placeholders=("mlops:kubeconfig", "mlops:secrets"),
    resources=(
        resource("shop::corner"),
        resource("store::corner-store", "shop::corner", spec={"replicas": 2}),
        resource(
            "till::corner", "shop::corner", text="one\ntwo\n", key={"$secret": True}, id={"$unknown": True}
        ),
        resource("stall::market"),
        resource("tent::market-tent", "stall::market"),
    ),
    outputs={},
)


def test_every_resource_is_below_its_parent_in_columns() -> None:
    assert tree_text(DOCUMENT).splitlines() == [
        "TYPE                 NAME          INPUTS",
        "pulumi:pulumi:Stack  mlops-dev",
        "├─ shop              corner",
        "│  ├─ store          corner-store  replicas 2",
        "│  └─ till           corner",
        "└─ stall             market",
        "   └─ tent           market-tent",
        "",
        "5 resources, 2 of them components.",
        "Placeholders stand for what `mlops up` makes: mlops:kubeconfig, mlops:secrets.",
    ]


def test_all_resources_of_one_name_are_found_and_one_by_its_urn() -> None:
    assert [found.type for found in named(DOCUMENT, "corner")] == ["shop", "till"]
    assert named(DOCUMENT, "till::corner") == (DOCUMENT.resources[2],)


@pytest.mark.parametrize(
    ("name", "told"),
    [("corner-stor", "close are corner-store, corner"), ("zzz", "`mlops render` lists them")],
)
def test_an_unknown_name_is_answered_with_what_helps(name: str, told: str) -> None:
    with pytest.raises(UnknownResource) as caught:
        named(DOCUMENT, name)
    assert str(caught.value) == f"environment 'dev' has no resource '{name}'; {told}"


def test_inputs_are_yaml_a_person_can_read_one_document_a_resource() -> None:
    text = inputs_of(named(DOCUMENT, "corner"))
    assert text == (
        "# shop::corner\n{}\n---\n# till::corner\ntext: |\n  one\n  two\nkey: '[secret]'\nid: '[unknown]'\n"
    )
    assert list(yaml.safe_load_all(text)) == [
        {},
        {"text": "one\ntwo\n", "key": "[secret]", "id": "[unknown]"},
    ]
