"""The slot of a model: who stands in it, and who answers."""

from __future__ import annotations

import pytest

from mlops_serving.errors import NotFound, Unavailable
from mlops_serving.slots import ModelSlot, Slots

KEYS = [f"client-{number}" for number in range(2000)]


@pytest.fixture
def slot(metrics):
    return ModelSlot("iris", "flowers", metrics)


def standing(slot):
    return [(served.model.version, served.role) for served in slot.standing]


def test_the_slot_keeps_the_version_before_and_no_more(slot, loaded):
    for version, resident in (("1", ["1"]), ("2", ["2", "1"]), ("3", ["3", "2"]), ("2", ["2", "3"])):
        slot.change(loaded[version])
        assert [model.version for model in slot.resident()] == resident
    assert slot.find(None).model.version == "2"
    assert slot.find("3").model.version == "3"


def test_a_candidate_stands_beside_stable_and_becomes_it_while_the_old_one_stays(slot, loaded):
    slot.change(loaded["1"])
    slot.change(loaded["1"], loaded["2"], "canary", 10)
    assert standing(slot) == [("1", "stable"), ("2", "candidate")]
    slot.change(loaded["2"])
    assert standing(slot) == [("2", "stable"), ("1", "previous")]
    slot.change(loaded["2"], loaded["3"], "shadow", 100)
    assert standing(slot) == [("2", "stable"), ("3", "candidate"), ("1", "previous")]


def test_what_the_slot_does_not_have_is_said_with_what_it_has(slot, loaded):
    slots = Slots({"iris": slot})
    with pytest.raises(NotFound, match="this server has 'iris'"):
        slots["tulips"]
    with pytest.raises(Unavailable, match="is not loaded"):
        slot.find(None)
    slot.change(loaded["1"])
    with pytest.raises(NotFound, match="loaded are: 1"):
        slot.find("2")


def test_an_empty_server_is_never_ready(slot, loaded):
    assert not Slots({}).ready
    slots = Slots({"iris": slot})
    assert not slots.ready
    slot.change(loaded["1"])
    assert slots.ready


def share(slot, weight, loaded):
    slot.change(loaded["1"], loaded["2"], "canary", weight)
    return {key for key in KEYS if slot.choose(slot.standing, key, 0.0).role == "candidate"}


def test_a_canary_gets_its_share_and_a_client_stays_with_it_while_the_weight_grows(slot, loaded):
    small, large = share(slot, 5, loaded), share(slot, 25, loaded)
    assert small == share(slot, 5, loaded)
    assert small < large
    assert 0.03 < len(small) / len(KEYS) < 0.07
    assert 0.22 < len(large) / len(KEYS) < 0.28
    assert share(slot, 100, loaded) == set(KEYS)


def test_without_a_key_the_draw_decides_and_a_shadow_never_answers(slot, loaded):
    slot.change(loaded["1"], loaded["2"], "canary", 5)
    assert [slot.choose(slot.standing, None, draw).role for draw in (0.0, 0.049, 0.05)] == [
        "candidate",
        "candidate",
        "stable",
    ]
    slot.change(loaded["1"], loaded["2"], "shadow", 100)
    assert slot.choose(slot.standing, "client", 0.0).role == "stable"
