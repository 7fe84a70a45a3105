"""Taking note on the event loop, and what the thread does with it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from mlops_serving.observe.watch import Watch


class Look:
    """Keeps what it is shown; waits for `go` first."""

    def __init__(self, fails=False):
        self.ids, self.sizes, self.finished, self.fails = [], [], 0, fails
        self.go, self.there = threading.Event(), threading.Event()
        self.go.set()

    def look(self, slot, served, rows):
        self.there.set()
        self.go.wait(10)
        self.ids += [note.request.id for note in rows.notes]
        self.sizes.append(len(rows.notes))
        if self.fails:
            raise ValueError("on purpose")

    def tick(self):
        if self.fails:
            raise ValueError("on purpose")

    def finish(self):
        self.finished += 1


@pytest.fixture
def one(bench, manifest):
    return bench(manifest())


def see(one, watch, id):
    note = one.note({"X": np.zeros((1, 4), np.float32)}, {"label": np.zeros(1, np.int64)}, id=id)
    watch.seen(note.slot, note.served, note.request, note.outputs)


def test_small_requests_are_looked_at_together_and_closing_looks_at_all(one):
    look = Look()
    watch = Watch(one.metrics, 1 << 24, [look], everything=True)
    ids = [str(number) for number in range(1000)]
    for id in ids:
        see(one, watch, id)
    watch.close()
    assert look.ids == ids
    assert len(look.sizes) < 20
    assert look.finished == 1


def test_what_waits_is_bounded_in_bytes_and_the_rest_is_counted(one, wait_until):
    look = Look()
    look.go.clear()
    watch = Watch(one.metrics, 10_000, [look], everything=True)
    # One of these requests is said to take 1,148 bytes.
    see(one, watch, "first")
    assert look.there.wait(10)
    for number in range(100):
        see(one, watch, str(number))
    look.go.set()
    wait_until(lambda: len(look.ids) > 1)
    assert one.lines("mlops_unobserved_total") == {'{model="iris",reason="full"}': 101 - 8}
    wait_until(lambda: watch._noted == watch._looked_at)
    see(one, watch, "later")
    watch.close()
    assert look.ids == ["first", *"0123456", "later"]


def test_a_look_that_fails_is_logged_once_and_harms_no_other(one, caplog):
    bad, good = Look(fails=True), Look()
    watch = Watch(one.metrics, 1 << 24, [bad, good], everything=True)
    for number in range(600):
        see(one, watch, str(number))
    watch.close()
    assert len(good.ids) == 600
    assert good.finished == 1
    assert one.lines("mlops_unobserved_total") == {'{model="iris",reason="failed"}': 600}
    assert [record.message for record in caplog.records] == [
        "looking at answered requests failed for a reason that is a bug"
    ]


def test_models_about_which_nothing_is_to_be_counted_are_not_noted(one):
    look = Look()
    watch = Watch(one.metrics, 1 << 20, [look], everything=False)
    see(one, watch, "a")
    watch.close()
    assert look.ids == []
