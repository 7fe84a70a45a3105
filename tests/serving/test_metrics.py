"""The Prometheus text format."""

from __future__ import annotations

from mlops_serving.metrics import Histogram, Metrics, Value


def test_a_counter_has_a_line_for_each_combination_of_labels():
    counter = Value("c_total", "counter", "Things.", ("kind",))
    counter.add("b")
    counter.add("a", by=2)
    counter.add("b")
    assert list(counter.lines()) == ['c_total{kind="a"} 2', 'c_total{kind="b"} 2']


def test_label_values_are_escaped():
    counter = Value("c_total", "counter", "Things.", ("kind",))
    counter.add('a"\\\n')
    assert list(counter.lines()) == ['c_total{kind="a\\"\\\\\\n"} 1']


def test_an_info_gauge_forgets_what_is_gone():
    gauge = Value("i", "gauge", "Info.", ("version",))
    gauge.only(("1",), ("2",))
    gauge.only(("2",))
    assert list(gauge.lines()) == ['i{version="2"} 1']


def test_buckets_are_cumulative_and_hold_their_upper_bound():
    histogram = Histogram("h", "Times.", (0.5, 1.0), ("m",))
    for number in (0.5, 0.6, 2.0):
        histogram.observe(number, "x")
    assert list(histogram.lines()) == [
        'h_bucket{m="x",le="0.5"} 1',
        'h_bucket{m="x",le="1"} 2',
        'h_bucket{m="x",le="+Inf"} 3',
        'h_sum{m="x"} 3.1',
        'h_count{m="x"} 3',
    ]


def test_every_metric_is_described_once_and_gauges_are_refreshed_before_a_scrape():
    metrics = Metrics()
    metrics.before_scrape(lambda: metrics.queue_rows.set(7))
    lines = metrics.text().decode().splitlines()
    assert "mlops_queue_rows 7" in lines
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named))
    assert {"mlops_requests_total", "process_resident_memory_bytes"} <= set(named)
