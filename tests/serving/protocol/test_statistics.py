"""Statistics from the numbers of all workers."""

from __future__ import annotations

import orjson

from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.metrics.text import merge
from mlops_serving.protocol.statistics import model_statistics
from mlops_serving.slots import Meters


def worker(role, last, rows):
    segment = Segment(new_segment("test"))
    metrics = Metrics(segment)
    meters = Meters(metrics, "iris", "1", role)
    meters.ok.add()
    meters.last.set(last)
    meters.seconds.observe(0.25)
    meters.batch_rows.observe(rows)
    for stage in (meters.queue, meters.decode, meters.predict, meters.encode):
        stage.observe(0.0625)
    metrics.requests.labels("iris", "1", role, "400").add()
    metrics.failed_seconds.labels("iris", "1", role).add(0.5)
    meters.seconds.observe(0.5)
    metrics.requests.labels("iris", "2", role, "200").add(7)
    metrics.flush()
    return segment


def test_all_workers_and_roles_of_a_version_are_added_up():
    segments = [worker("stable", 1000.5, 3), worker("stable", 999, 4), worker("candidate", 7, 1)]
    (found,) = orjson.loads(model_statistics(merge(segments), [("iris", "1")]))["model_stats"]
    assert found == {
        "name": "iris",
        "version": "1",
        "last_inference": 1_000_500,
        "inference_count": 8,
        "execution_count": 3,
        "inference_stats": {
            "success": {"count": 3, "ns": 750_000_000},
            "fail": {"count": 3, "ns": 1_500_000_000},
            "queue": {"count": 3, "ns": 187_500_000},
            "compute_input": {"count": 3, "ns": 187_500_000},
            "compute_infer": {"count": 3, "ns": 187_500_000},
            "compute_output": {"count": 3, "ns": 187_500_000},
            "cache_hit": {"count": 0, "ns": 0},
            "cache_miss": {"count": 0, "ns": 0},
        },
        "batch_stats": [],
    }


def test_a_model_that_nobody_asked_has_done_nothing():
    (found,) = orjson.loads(model_statistics(merge([]), [("iris", "3")]))["model_stats"]
    assert (found["version"], found["last_inference"], found["inference_count"]) == ("3", 0, 0)
    assert set(map(tuple, (one.items() for one in found["inference_stats"].values()))) == {
        (("count", 0), ("ns", 0))
    }
