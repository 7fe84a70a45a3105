"""Workers see each other's readiness."""

from __future__ import annotations

import pytest

from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.peers import Peers


def shown(ready, listening):
    segment = Segment(new_segment("test"))
    metrics = Metrics(segment)
    metrics.ready.labels().set(ready)
    metrics.listening.labels().set(listening)
    return segment


@pytest.mark.parametrize(
    ("others", "some", "every"),
    [
        ([], False, True),
        ([(0, 0)], False, True),
        ([(0, 1)], False, False),
        ([(1, 1)], True, True),
        ([(1, 1), (0, 1)], True, False),
        ([(1, 1), (0, 0)], True, True),
    ],
)
def test_the_server_is_ready_when_all_that_listen_are(others, some, every):
    peers = Peers([shown(0, 1), *(shown(*other) for other in others)], 0)
    assert (peers.some_ready(), peers.all_ready()) == (some, every)


def test_a_worker_that_has_shown_nothing_yet_is_met_by_nobody():
    peers = Peers([shown(1, 1), Segment(new_segment("test"))], 0)
    assert (peers.some_ready(), peers.all_ready()) == (False, True)
