"""Numbers in shared memory and their Prometheus text."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from mlops_serving.metrics import catalog
from mlops_serving.metrics.catalog import Metrics
from mlops_serving.metrics.meters import Meter
from mlops_serving.metrics.process import process_age, process_series
from mlops_serving.metrics.segment import Segment, new_segment
from mlops_serving.metrics.text import exposition


@pytest.fixture
def handle():
    handle = new_segment("test")
    yield handle
    os.close(handle)


def lines(*segments, containing=""):
    text = exposition(segments).decode()
    return [line for line in text.splitlines() if containing in line and not line.startswith("#")]


def test_a_counter_has_a_line_for_each_combination_of_labels(handle):
    metrics = Metrics(Segment(handle))
    for reason in ("b", "a", "b"):
        metrics.rejected.labels("iris", reason).add()
    assert lines(Segment(handle), containing="rejected") == [
        'mlops_rejected_total{model="iris",reason="a"} 1',
        'mlops_rejected_total{model="iris",reason="b"} 2',
    ]


def test_label_values_are_escaped(handle):
    Metrics(Segment(handle)).rejected.labels('a"\\\n', "b").add()
    assert lines(Segment(handle)) == ['mlops_rejected_total{model="a\\"\\\\\\n",reason="b"} 1']


def test_an_info_gauge_is_zero_for_what_is_gone_and_leaves_other_endpoints_alone(handle):
    info = Metrics(Segment(handle)).model_info
    info.only("flowers", [("iris", "1", "stable")])
    info.only("homes", [("mortgage", "7", "stable")])
    info.only("flowers", [("iris", "2", "stable")])
    assert [line.rsplit(" ", 1)[1] for line in lines(Segment(handle))] == ["0", "1", "1"]


def test_buckets_are_cumulative_and_hold_their_upper_bound(handle):
    distribution = Metrics(Segment(handle)).batch_rows.distribution("iris", "1")
    for rows in (1, 2, 3, 600):
        distribution.observe(rows)
    distribution.flush()
    found = lines(Segment(handle), containing="batch_rows")
    assert found[:3] == [
        'mlops_batch_rows_bucket{model="iris",version="1",le="1"} 1',
        'mlops_batch_rows_bucket{model="iris",version="1",le="2"} 2',
        'mlops_batch_rows_bucket{model="iris",version="1",le="4"} 3',
    ]
    assert found[-3:] == [
        'mlops_batch_rows_bucket{model="iris",version="1",le="+Inf"} 4',
        'mlops_batch_rows_sum{model="iris",version="1"} 606.0',
        'mlops_batch_rows_count{model="iris",version="1"} 4',
    ]


def test_processes_are_merged_by_sum_and_readiness_by_the_least():
    first, second = (Segment(new_segment("test")) for _ in range(2))
    for segment, ready in ((first, 1), (second, 0)):
        metrics = Metrics(segment)
        metrics.in_flight.labels("iris").set(2)
        metrics.ready.labels().set(ready)
    assert lines(first, second) == ['mlops_in_flight{model="iris"} 4', "mlops_ready 0"]


def test_a_process_that_replaces_a_dead_one_counts_on(handle):
    for _ in range(2):
        Metrics(Segment(handle)).rejected.labels("iris", "a").add()
    assert lines(Segment(handle)) == ['mlops_rejected_total{model="iris",reason="a"} 2']


def test_a_flood_of_labels_fills_the_segment_and_fails_nobody(handle):
    metrics = Metrics(Segment(handle))
    for number in range(20_000):
        metrics.rejected.labels("x" * 100, str(number)).add()
    assert 1000 < len(lines(Segment(handle))) < 20_000


def test_a_reader_never_sees_a_directory_that_shrinks(handle):
    writer = multiprocessing.get_context("fork").Process(target=fill, args=(handle,))
    writer.start()
    ends = [0]
    while writer.is_alive():
        ends.append(int.from_bytes(os.pread(handle, 8, 0), "little"))
    writer.join()
    ends.append(int.from_bytes(os.pread(handle, 8, 0), "little"))
    assert ends == sorted(ends)
    assert ends[-1] > 100_000


def fill(handle):
    segment = Segment(handle)
    for number in range(20_000):
        segment.place("flood", (str(number),), 1)


def test_every_metric_has_a_name_of_its_own_and_a_meter():
    names = [spec.name for spec in catalog.SPECS]
    assert len(names) == len(set(names))
    meters = vars(Metrics(Segment(new_segment("test")))).values()
    ours = {meter.spec for meter in meters if isinstance(meter, Meter)}
    assert ours == set(catalog.SPECS) - {catalog.WORKERS, catalog.WORKER_RESTARTS}


def test_process_metrics_are_those_of_the_kernel_and_a_gone_process_has_none():
    found = {spec.name: series for spec, series in process_series({"me": os.getpid(), "gone": 2**22 + 1})}
    assert [one.labels for one in found["process_resident_memory_bytes"]] == [("me",)]
    assert found["process_resident_memory_bytes"][0].values[0] > 1e6
    assert process_age() == pytest.approx(process_age(os.getpid()), abs=0.1)
