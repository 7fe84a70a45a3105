from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.remediation import decisions
from mlops_pipelines.remediation.decisions import HOUR, Attempt, Memory, decide
from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.records import Outcome, Record
from mlops_pipelines.remediation.settings import Policy
from remediation_stories import NOON, incident, policy, rule

MINUTE = timedelta(minutes=1)
ENDS = (Outcome.DONE, Outcome.FAILED, Outcome.REFUSED, None)
"""How an action may end; None is a receiver that died."""


def record(outcome: Outcome, at: datetime, of: Incident, identity: str, dry_run: bool) -> Record:
    action = rule().action
    return Record(
        id=identity,
        at=at,
        alert=of.alert,
        endpoint=of.endpoint,
        labels=of.labels,
        alerts=1,
        action=action,
        dry_run=dry_run,
        outcome=outcome,
    )


def answer(
    found: Incident, at: datetime, rules: Policy, before: list[Record], end: Outcome | None = Outcome.DONE
) -> Outcome:
    """What is decided, and what of it is recorded into `before`, as the worker does."""
    memory = decisions.recalled(before, rules.dry_run)
    decided = decide(found, rules.rules[0], rules, memory, at)
    if decided.outcome is not Outcome.REPEAT:
        before.append(record(decided.outcome, at, found, decided.id, rules.dry_run))
    if decided.outcome is Outcome.BEGUN and end:
        before.append(record(end, at + timedelta(seconds=1), found, decided.id, rules.dry_run))
    return decided.outcome


def test_an_incident_is_answered_once_however_often_it_is_told() -> None:
    before: list[Record] = []
    told = [answer(incident(0), NOON + n * HOUR, policy(), before) for n in range(1, 30)]
    assert told == [Outcome.BEGUN, *[Outcome.REPEAT] * 28]


def test_a_later_incident_waits_for_the_cooldown_and_then_acts() -> None:
    before: list[Record] = []
    assert answer(incident(0), NOON, policy(), before) is Outcome.BEGUN
    assert answer(incident(5), NOON + 59 * MINUTE, policy(), before) is Outcome.COOLDOWN
    assert answer(incident(5), NOON + 60 * MINUTE, policy(), before) is Outcome.BEGUN


def test_what_failed_is_tried_again_under_its_number_without_waiting() -> None:
    before: list[Record] = []
    answer(incident(0), NOON, policy(), before, Outcome.FAILED)
    assert answer(incident(0), NOON + 5 * MINUTE, policy(), before) is Outcome.BEGUN
    assert len({one.id for one in before}) == 1
    assert answer(incident(0), NOON + 10 * MINUTE, policy(), before) is Outcome.REPEAT


def test_what_was_begun_by_a_receiver_that_died_is_tried_again_but_another_incident_waits() -> None:
    before: list[Record] = []
    answer(incident(0), NOON, policy(), before, None)
    assert answer(incident(5), NOON + 10 * MINUTE, policy(), before) is Outcome.COOLDOWN
    assert answer(incident(0), NOON + 10 * MINUTE, policy(), before) is Outcome.BEGUN


def test_all_actions_together_stay_under_the_hourly_maximum() -> None:
    rules = policy(max_actions_per_hour=2, endpoints=("a", "b", "c"))
    before: list[Record] = []
    told = [answer(incident(0, endpoint=name), NOON, rules, before) for name in ("a", "b", "c")]
    assert told == [Outcome.BEGUN, Outcome.BEGUN, Outcome.LIMIT]
    assert answer(incident(0, endpoint="c"), NOON + HOUR, rules, before) is Outcome.BEGUN


def test_a_dry_run_decides_as_in_earnest_and_keeps_nothing_from_being_done_later() -> None:
    before: list[Record] = []
    dry = policy(dry_run=True)
    assert answer(incident(0), NOON, dry, before) is Outcome.DRY_RUN
    assert answer(incident(0), NOON + MINUTE, dry, before) is Outcome.REPEAT
    assert answer(incident(5), NOON + 9 * MINUTE, dry, before) is Outcome.COOLDOWN
    assert answer(incident(0), NOON + 9 * MINUTE, policy(), before) is Outcome.BEGUN


def test_the_number_of_an_action_is_digits_and_depends_on_all_that_tells_incidents_apart() -> None:
    ones = [incident(0), incident(1), incident(0, alert="Other"), incident(0, endpoint="other")]
    numbers = [decisions.new_id(one, rule()) for one in ones]
    numbers.append(decisions.new_id(incident(0), rule(action="rollback")))
    assert len(set(numbers)) == 5
    assert {len(number) for number in numbers} == {12}
    assert all(number.isdecimal() for number in numbers)
    assert decisions.new_id(incident(0), rule()) == numbers[0]


def test_memory_is_bounded_by_rules_endpoints_and_the_hour() -> None:
    before = [
        record(Outcome.BEGUN, NOON + n * 10 * MINUTE, incident(n), str(n), dry_run=False) for n in range(100)
    ]
    memory = decisions.recalled(before, dry_run=False)
    assert memory.last == {
        ("MlopsInputDrift", "mortgage"): Attempt("99", NOON + 990 * MINUTE, finished=False)
    }
    assert len(memory.recent) == 6


told = st.tuples(
    st.integers(0, 240),  # minute at which it is told
    st.integers(0, 240),  # minute at which it began
    st.sampled_from(["a", "b"]),
    st.sampled_from(ENDS),
)


@given(st.lists(told, max_size=60), st.integers(1, 4), st.integers(1, 90))
def test_whatever_comes_cooldown_and_hourly_maximum_hold(
    stories: Sequence[tuple[int, int, str, Outcome | None]], most: int, cooldown: int
) -> None:
    rules = policy(rule(cooldown_seconds=cooldown * 60), max_actions_per_hour=most, endpoints=("a", "b"))
    before: list[Record] = []
    for number, (minute, began, endpoint, end) in enumerate(sorted(stories, key=lambda one: one[0])):
        at = NOON + minute * MINUTE + timedelta(seconds=2 + number / 1000)
        answer(incident(min(began, minute), endpoint=endpoint), at, rules, before, end)
    begun = [one for one in before if one.outcome is Outcome.BEGUN]
    for one in begun:
        hour = [other for other in begun if timedelta(0) <= other.at - one.at < HOUR]
        assert len(hour) <= most
        others = [
            other
            for other in begun
            if other.endpoint == one.endpoint
            and other.id != one.id
            and timedelta(0) <= other.at - one.at < timedelta(minutes=cooldown)
        ]
        assert others == []


@given(st.lists(told, max_size=30), st.randoms())
def test_records_read_back_in_any_order_are_the_memory_that_was_there(
    stories: Sequence[tuple[int, int, str, Outcome | None]], random: object
) -> None:
    rules, before = policy(endpoints=("a", "b")), list[Record]()
    for number, (minute, began, endpoint, end) in enumerate(sorted(stories, key=lambda one: one[0])):
        at = NOON + minute * MINUTE + timedelta(seconds=number * 2)
        answer(incident(began, endpoint=endpoint), at, rules, before, end)
    memory = Memory(dry_run=False)
    for one in before:
        memory = decisions.remember(memory, one)
    shuffled = list(before)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decisions.recalled(shuffled, dry_run=False) == memory
