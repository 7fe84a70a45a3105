from __future__ import annotations

from datetime import timedelta

from mlops_pipelines.remediation import records
from mlops_pipelines.remediation.records import READ_BACK, Outcome, Record
from mlops_pipelines.remediation.settings import Action
from mlops_serving.store import Store
from remediation_stories import NOON


def record(outcome: Outcome, minutes: int) -> Record:
    return Record(
        id="123456789012",
        at=NOON + timedelta(minutes=minutes),
        alert="MlopsInputDrift",
        endpoint="mortgage",
        labels={},
        alerts=1,
        action=Action.RETRAIN,
        dry_run=False,
        outcome=outcome,
    )


def test_an_action_is_remembered_however_many_incidents_were_put_off_since(store: Store) -> None:
    done = [record(Outcome.BEGUN, 0), record(Outcome.DONE, 1)]
    put_off = (Outcome.COOLDOWN, Outcome.LIMIT, Outcome.FAILED)
    for one in [*done, *(record(put_off[n % 3], n) for n in range(2, READ_BACK + 2))]:
        records.write(store, one)
    assert records.read_back(store, ["mortgage"]) == done


def test_of_actions_the_newest_are_read_back(store: Store) -> None:
    begun = [record(Outcome.BEGUN, n) for n in range(READ_BACK + 1)]
    for one in begun:
        records.write(store, one)
    assert records.read_back(store, ["mortgage"]) == begun[1:]


def test_a_key_says_when_and_what(store: Store) -> None:
    records.write(store, record(Outcome.DRY_RUN, 0))
    assert store.list("remediations/mortgage") == ["20260301T120000.000000Z-dry-run-123456789012.json"]
