"""Workers see each other's readiness."""

from __future__ import annotations

import asyncio

import pytest

from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.peers import Peers
from mlops_serving.settings import read_settings
from mlops_serving.supervisor import Supervisor


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


def test_the_workers_that_a_server_begins_with_count_before_they_are_started():
    async def segments():
        environ = {
            "MLOPS_STORE_URL": "file:///nowhere",
            "MLOPS_MODELS": '[{"name": "iris", "endpoint": "e"}]',
        }
        return Supervisor(read_settings(environ | {"MLOPS_WORKERS": "2"})).segments

    first, second, _ = asyncio.run(segments())
    Metrics(first).ready.labels().set(1)
    peers = Peers([first, second], 0)
    assert (peers.listens_at_once, peers.all_ready()) == (True, False)
    Metrics(second).ready.labels().set(1)
    assert peers.all_ready()


def test_a_worker_that_replaces_a_dead_one_does_not_listen_at_once():
    assert not Peers([shown(0, 0), shown(1, 1)], 0).listens_at_once
