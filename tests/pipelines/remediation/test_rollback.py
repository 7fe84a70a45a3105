from __future__ import annotations

from datetime import timedelta

import pytest

from mlops_pipelines.remediation import rollback
from mlops_pipelines.remediation.records import Outcome
from mlops_pipelines.remediation.rollback import Result
from mlops_serving import release
from mlops_serving.errors import StoreError
from mlops_serving.release import Release
from mlops_serving.store import NotModified, Store, store_settings
from remediation_stories import incident, outrun, record_of, released
from serving_process import Gateway

ID = "123456789012"
DAY = timedelta(days=1)


def current(store: Store) -> Release:
    found = release.current(store, "mortgage")
    assert not isinstance(found, NotModified)
    return found[0]


def test_the_next_record_goes_back_to_the_previous_version_and_says_why(store: Store) -> None:
    released(store, "1", "2")
    result = rollback.roll_back(store, incident(), ID, DAY)
    assert result == Result(Outcome.DONE, "release 3 serves version 1 again")
    made = current(store)
    assert made.model_dump(exclude={"when"}) == {
        "schema_version": 1,
        "number": 3,
        "endpoint": "mortgage",
        "model": "mortgage",
        "stable_version": "1",
        "candidate_version": None,
        "mode": "stable",
        "weight": 0,
        "who": "remediation",
        "why": f"rolled back from version 2 (release 2) for alert MlopsInputDrift, remediation {ID}",
        "gates": {"of": "1"},
        "previous": 2,
    }
    assert release.record(store, "mortgage", 3) == made


def test_the_same_rollback_again_changes_nothing(store: Store) -> None:
    released(store, "1", "2")
    again = [rollback.roll_back(store, incident(), ID, DAY) for _ in range(3)]
    assert set(again) == {Result(Outcome.DONE, "release 3 serves version 1 again")}
    assert current(store).number == 3


def test_a_rollback_is_never_rolled_back(store: Store) -> None:
    released(store, "1", "2")
    rollback.roll_back(store, incident(), ID, DAY)
    result = rollback.roll_back(store, incident(90), "999999999999", DAY)
    assert result.outcome is Outcome.REFUSED
    assert current(store).number == 3


def test_a_release_that_was_old_when_the_alert_began_is_not_its_cause_and_stays(store: Store) -> None:
    released(store, "1", "2")
    day = DAY // timedelta(minutes=1)
    assert rollback.roll_back(store, incident(day + 1), ID, DAY) == Result(
        Outcome.REFUSED,
        "release 2 was more than 86400 s old when the alert began; what to serve is for a person to decide",
    )
    assert rollback.roll_back(store, incident(61), ID, timedelta(hours=1)).outcome is Outcome.REFUSED
    assert current(store).number == 2
    assert rollback.roll_back(store, incident(day), ID, DAY).outcome is Outcome.DONE


def test_a_candidate_goes_and_stable_stays(store: Store) -> None:
    released(store, "1", "1", candidate_version="2", mode="canary", weight=10)
    assert rollback.roll_back(store, incident(), ID, DAY).outcome is Outcome.DONE
    made = current(store)
    assert (made.stable_version, made.mode, made.candidate_version) == ("1", "stable", None)
    assert made.why.startswith("rolled back from the canary of version 2 (release 2)")


def test_a_promoted_canary_goes_back_to_the_version_before_it_and_not_to_the_canary(store: Store) -> None:
    released(store, "1", "1", candidate_version="2", mode="canary", weight=10)
    release.append(store, record_of(3, "2"))
    rollback.roll_back(store, incident(), ID, DAY)
    assert (current(store).stable_version, current(store).mode) == ("1", "stable")


@pytest.mark.parametrize(
    ("versions", "why"),
    [
        ((), "the endpoint has no release"),
        (("1",), "there is no earlier release of another version"),
        (("1", "1"), "there is no earlier release of another version"),
    ],
)
def test_without_an_earlier_version_it_is_refused(store: Store, versions: tuple[str, ...], why: str) -> None:
    released(store, *versions)
    assert rollback.roll_back(store, incident(), ID, DAY) == Result(Outcome.REFUSED, why)


def test_somebody_faster_is_decided_about_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    released(store, "1", "2")
    outrun(monkeypatch, record_of(3, "3"))
    assert rollback.roll_back(store, incident(), ID, DAY).detail == "release 4 serves version 2 again"


def test_on_a_real_object_store_the_log_is_appended_by_conditional_write(gateway: Gateway) -> None:
    store = Store(store_settings(gateway.environ("models")))
    released(store, "1", "2")
    assert rollback.roll_back(store, incident(), ID, DAY).outcome is Outcome.DONE
    assert current(store).stable_version == "1"
    gateway.stop()
    with pytest.raises(StoreError):
        rollback.roll_back(store, incident(90), "999999999999", DAY)
