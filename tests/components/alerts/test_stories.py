"""Every alert fires, does not fire and ends, on promtool, which is Prometheus' own engine."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import endpoint_stories
import platform_stories
from pulumi_mlops.alerts import render, render_platform
from pulumi_mlops.alerts.rules import all_rules
from rule_stories import Story, cases_of, message_case, run

RULES = {
    "endpoint.yaml": render(endpoint_stories.ALERTS),
    "platform.yaml": render_platform(platform_stories.ALERTS),
}
STORIES = [*endpoint_stories.STORIES, *platform_stories.STORIES]


def alerts() -> dict[str, str]:
    """Every alert's name and severity."""
    rules = [rule for text in RULES.values() for rule in all_rules(yaml.safe_load(text))]
    return {rule["alert"]: rule["labels"]["severity"] for rule in rules if "alert" in rule}


def test_every_alert_has_a_story_in_which_it_fires_ends_and_does_not_fire() -> None:
    assert {story.alert: story.severity for story in STORIES} == alerts()
    assert [story.alert for story in STORIES if not story.quiet or story.resolved <= story.at] == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.alert)
def test_it_fires_when_it_should_and_only_then(story: Story, promtool: Path, tmp_path: Path) -> None:
    code, printed = run(promtool, tmp_path, RULES, cases_of([story]), f"{story.step}m")
    assert code == 0, printed


def test_messages_name_the_release_and_have_no_hole(promtool: Path, tmp_path: Path) -> None:
    serving = {
        'mlops_release_number{endpoint="mortgage"}': "7x900",
        'mlops_model_info{endpoint="mortgage",model="mortgage",version="4",role="stable"}': "1x900",
        'mlops_model_info{endpoint="mortgage",model="mortgage",version="3",role="stable"}': "0x900",
    }
    told = [story for story in endpoint_stories.STORIES if story.alert != "MlopsReleasesDiffer"]
    tests = [message_case(replace(story, fires={**serving, **story.fires})) for story in told]
    code, printed = run(promtool, tmp_path, RULES, tests)
    assert code == 1
    got = {re.search(r'alertname="(\w+)"', text)[1]: text for text in printed.split("alertname: ")[1:]}
    assert sorted(got) == sorted(story.alert for story in told)
    for text in got.values():
        assert "error expanding" not in text
        assert "<no value>" not in text
        assert "Serving release 7, stable version 4." in text
        assert 'owner="credit-risk"' in text
        assert 'endpoint="mortgage"' in text
        assert 'model="mortgage"' in text
        assert "https://runbooks.example.org/mlops/" in text


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        ("MlopsInputDrift", "Of version 1 in the last hour: income (stability index 0.54)."),
        (
            "MlopsDataQuality",
            "Over 5 % of the rows that version 1 got in the last hour: income missing (20%).",
        ),
        ("MlopsErrorBudgetBurnsFast", "9.683% of the requests to mortgage fail"),
        ("MlopsVolumeFull", "Volume data-object-store-0 in mlops-system is almost full"),
    ],
)
def test_a_message_names_what_it_is_about(alert: str, words: str, promtool: Path, tmp_path: Path) -> None:
    (story,) = (story for story in STORIES if story.alert == alert)
    _, printed = run(promtool, tmp_path, RULES, [message_case(story)])
    assert words in printed
