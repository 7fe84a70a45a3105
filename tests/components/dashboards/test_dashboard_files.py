"""The JSON that Grafana gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafana_foundation_sdk.models import dashboard

from pulumi_mlops import dashboards

FILES = dashboards.files()

each_file = pytest.mark.parametrize("name", sorted(FILES))


def panels(name: str) -> list[dict[str, Any]]:
    """All panels of a file, those of closed rows too."""
    rows: list[dict[str, Any]] = json.loads(FILES[name])["panels"]
    return [panel for row in rows for panel in [row, *row.get("panels", [])]]


def charts(name: str) -> list[dict[str, Any]]:
    return [panel for panel in panels(name) if panel["type"] != "row"]


def test_the_files_and_their_addresses_are_these() -> None:
    found = {name: (json.loads(text)["uid"], json.loads(text)["title"]) for name, text in FILES.items()}
    assert found == {
        "mlops-drift.json": ("mlops-drift", "Drift and data of models"),
        "mlops-endpoint.json": ("mlops-endpoint", "Model endpoints"),
        "mlops-platform.json": ("mlops-platform", "Model platform"),
    }


@each_file
def test_the_same_board_is_the_same_text_with_sorted_keys(name: str) -> None:
    assert dashboards.files()[name] == FILES[name]
    assert json.dumps(json.loads(FILES[name]), indent=1, sort_keys=True) + "\n" == FILES[name]


@each_file
def test_grafanas_own_types_read_it_back(name: str) -> None:
    read = dashboard.Dashboard.from_json(json.loads(FILES[name]))
    assert (read.uid, read.editable) == (name.removesuffix(".json"), False)


@each_file
def test_every_panel_has_a_number_of_its_own(name: str) -> None:
    numbers = [panel["id"] for panel in panels(name)]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("name", "title", "number"),
    [("mlops-endpoint.json", "Latency", 1843864711), ("mlops-drift.json", "Data problems", 1612982669)],
)
def test_a_panels_number_stays_when_others_come(name: str, title: str, number: int) -> None:
    (panel,) = (panel for panel in panels(name) if panel["title"] == title)
    assert panel["id"] == number


@each_file
def test_panels_do_not_overlap_and_fill_their_rows(name: str) -> None:
    cells = [
        (x, y)
        for panel in panels(name)
        for x in range(panel["gridPos"].get("x", 0), panel["gridPos"].get("x", 0) + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))


@each_file
def test_every_query_goes_to_the_chosen_data_source_with_the_panels_smallest_step(name: str) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in charts(name):
        assert panel["datasource"] == chosen
        assert [target["refId"] for target in panel["targets"]] == [*"ABCDE"][: len(panel["targets"])]
        for target in panel["targets"]:
            assert (target["datasource"], target["interval"]) == (chosen, panel["interval"])


def test_the_queries_of_the_list_are_those_of_the_files_in_their_order() -> None:
    listed = [(query.dashboard, query.panel, query.expr) for query in dashboards.queries()]
    written = [
        (board.uid, panel["title"], target["expr"])
        for board in dashboards.BOARDS
        for panel in charts(f"{board.uid}.json")
        for target in panel["targets"]
    ]
    assert listed == written


@each_file
def test_every_panel_says_what_it_shows_and_what_an_empty_one_lacks(name: str) -> None:
    for panel in charts(name):
        assert panel["description"].endswith(".")
        empty = panel["fieldConfig"]["defaults"]["noValue"]
        lacks = empty.partition("this needs ")[2]
        assert (f"Needs {lacks}." in panel["description"]) == bool(lacks)


def test_every_choice_is_all_at_first() -> None:
    found = {
        (name, one["name"]): (one["type"], one.get("current", {}).get("value"), one.get("allValue"))
        for name, text in FILES.items()
        for one in json.loads(text)["templating"]["list"]
    }
    every = ("query", ["$__all"])
    boards = ("mlops-drift.json", "mlops-endpoint.json")
    assert found == {
        **{(name, "datasource"): ("datasource", None, None) for name in FILES},
        **{(name, one): (*every, None) for name in boards for one in ("namespace", "endpoint")},
        **{(name, "version"): (*every, ".*") for name in boards},
        ("mlops-drift.json", "feature"): (*every, ".*"),
        ("mlops-drift.json", "outputs"): ("textbox", None, None),
        ("mlops-platform.json", "namespace"): (*every, ".*"),
    }


def test_a_table_has_a_column_for_each_query() -> None:
    (panel,) = (one for one in charts("mlops-drift.json") if one["title"] == "Index against threshold")
    assert [step["id"] for step in panel["transformations"]] == ["merge", "organize"]
    assert panel["transformations"][1]["options"] == {
        "excludeByName": {"Time": True},
        "renameByName": {"Value #A": "index", "Value #B": "threshold", "Value #C": "rows"},
    }
    assert [(one["instant"], one["format"]) for one in panel["targets"]] == [(True, "table")] * 3


def test_a_closed_row_asks_nothing_until_it_is_opened() -> None:
    closed = {
        (name, row["title"]): [panel["title"] for panel in row["panels"]]
        for name in FILES
        for row in panels(name)
        if row.get("collapsed")
    }
    assert closed == {
        ("mlops-drift.json", "Every bin"): ["Bins against training"],
        ("mlops-platform.json", "KEDA"): ["Figures that it scales on", "Errors of triggers"],
    }
