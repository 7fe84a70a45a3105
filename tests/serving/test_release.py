"""The release log on a real object store."""

from __future__ import annotations

import json
import threading

import pytest

from mlops_serving.errors import ObjectMissing, ReleaseConflict, ReleaseError
from mlops_serving.release import Release, append, current, current_key, parse_release, release_key
from mlops_serving.store import NotModified


def test_the_current_release_is_the_newest_and_the_log_keeps_every_record(store, release):
    first, second = release(store, 1, "1"), release(store, 2, "2")
    found = current(store, "flowers")
    assert found[0] == second
    assert current(store, "flowers", found[1]) == NotModified(found[1])
    assert parse_release(store.get(release_key("flowers", 1)).data, "here") == first
    assert store.list("releases/flowers") == ["1.json", "2.json", "current.json"]


def test_an_endpoint_without_a_release_is_told_apart_from_a_broken_store(store):
    with pytest.raises(ObjectMissing, match=r"no releases/nowhere/current\.json in bucket models"):
        current(store, "nowhere")


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_release_must_follow_the_current_one(store, release, number):
    release(store, 1, "1")
    release(store, 2, "2")
    with pytest.raises(ReleaseConflict, match="read the current release again"):
        release(store, number, "3")
    assert current(store, "flowers")[0].number == 2


def test_appending_the_very_same_record_again_is_harmless(store, release):
    record = release(store, 1, "1")
    append(store, record)
    assert current(store, "flowers")[0] == record


def test_of_many_who_release_at_once_exactly_one_succeeds(store, release):
    outcomes = []

    def attempt(version):
        try:
            outcomes.append(release(store, 1, version))
        except ReleaseConflict as error:
            outcomes.append(error)

    threads = [threading.Thread(target=attempt, args=(str(number),)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Release)]
    assert len(outcomes) == 8
    assert current(store, "flowers")[0] == winner
    assert store.list("releases/flowers") == ["1.json", "current.json"]


def test_a_writer_that_died_between_its_two_writes_is_rolled_forward(store, release):
    first = release(store, 1, "1")
    lost = first.model_copy(update={"number": 2, "previous": 1, "stable_version": "2"})
    store.create(release_key("flowers", 2), lost.model_dump_json().encode())
    assert current(store, "flowers")[0].number == 1
    with pytest.raises(ReleaseConflict):
        release(store, 2, "3")
    assert current(store, "flowers")[0] == lost
    release(store, 3, "3")
    assert current(store, "flowers")[0].stable_version == "3"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"mode": "canary"}, "shadow and canary need one"),
        ({"candidate_version": "2"}, "mode stable has no candidate_version"),
        ({"mode": "shadow", "candidate_version": "2"}, "weight from 1 to 100"),
        ({"weight": 5}, "mode stable has weight 0"),
        ({"mode": "canary", "candidate_version": "2", "weight": 101}, "malformed at weight"),
        ({"previous": 7}, "previous of release 1 must be the number before it"),
        ({"number": 0}, "malformed at number"),
        ({"who": ""}, "malformed at who"),
        ({"extra": 1}, "malformed at extra"),
        ({"stable_version": "latest"}, "malformed at stable_version"),
    ],
)
def test_a_wrong_record_is_refused_at_the_place_that_is_wrong(fields, text):
    good = {
        "number": 1,
        "endpoint": "flowers",
        "model": "iris",
        "stable_version": "1",
        "who": "me",
        "when": "2026-11-24T00:00:00Z",
        "why": "because",
        "gates": {"auc": 0.9},
    }
    assert parse_release(json.dumps(good).encode(), "here").mode == "stable"
    with pytest.raises(ReleaseError) as caught:
        parse_release(json.dumps(good | fields).encode(), "here")
    assert text in str(caught.value)


def test_a_record_of_another_endpoint_is_refused(store, release):
    record = release(store, 1, "1")
    store.create(current_key("trees"), record.model_dump_json().encode())
    with pytest.raises(ReleaseError, match="is for endpoint 'flowers'"):
        current(store, "trees")
