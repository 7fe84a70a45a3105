"""The settings `mlops:policy`: what they may say, and what is refused."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest

from mlops_stacks.errors import SettingsError
from mlops_stacks.settings import load

EXEMPTION = {
    "urn": "*:apps/v1:Deployment::old",
    "reason": "gone in spring",
    "approver": "platform@example.org",
    "expires": "2027-03-31",
}
VALUES: dict[str, Any] = {
    "cluster": {"maker": "local-node"},
    "policy": {"pod-non-root": {"exemptions": [EXEMPTION]}, "network-service-type": {"types": ["NodePort"]}},
}


def _changed(value: object, *path: str | int) -> dict[str, Any]:
    values = copy.deepcopy(VALUES)
    place: Any = values["policy"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return values


def test_an_exemption_ends_on_a_day_and_other_keys_are_of_the_policy() -> None:
    policy = load(VALUES).policy

    assert policy["pod-non-root"].exemptions[0].expires == datetime.date(2027, 3, 31)
    assert policy["network-service-type"].model_extra == {"types": ["NodePort"]}


def test_an_environment_without_a_section_differs_in_nothing() -> None:
    assert load({"cluster": {"maker": "local-node"}}).policy == {}


@pytest.mark.parametrize("key", ["urn", "reason", "approver", "expires"])
def test_an_exemption_without_one_of_its_keys_is_refused(key: str) -> None:
    rest = {name: value for name, value in EXEMPTION.items() if name != key}

    with pytest.raises(SettingsError) as refused:
        load(_changed(rest, "pod-non-root", "exemptions", 0))
    assert str(refused.value) == (
        "the settings cannot be used:\n"
        f"  mlops:policy.pod-non-root.exemptions[0].{key}: this key is required and was not given"
    )


def test_an_unknown_key_of_an_exemption_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        load(_changed({**EXEMPTION, "until": "2027-03-31"}, "pod-non-root", "exemptions", 0))
    assert str(refused.value) == (
        "the settings cannot be used:\n"
        "  mlops:policy.pod-non-root.exemptions[0].until: unknown key; allowed are urn, reason, approver, "
        "expires"
    )


def test_a_policy_that_is_no_section_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        load(_changed("off", "pod-non-root"))
    assert str(refused.value) == (
        "the settings cannot be used:\n"
        "  mlops:policy.pod-non-root: 'off' was given; allowed is a section with keys"
    )
