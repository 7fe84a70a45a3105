"""Drift counters of a process, from requests to the text that Prometheus reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_serving.metrics.text import exposition
from mlops_serving.observe.drift import Drift
from mlops_serving.observe.watch import Rows

BINS = [
    {
        "feature": "sepal",
        "tensor": "X",
        "column": 0,
        "kind": "numeric",
        "edges": [5.0, 6.0],
        "counts": [50, 60, 40],
        "missing": 0,
        "smallest": 4.0,
        "largest": 8.0,
    },
    {
        "feature": "flower",
        "tensor": "label",
        "kind": "categorical",
        "categories": ["0", "1"],
        "counts": [50, 50, 50],
        "missing": 0,
    },
]


@pytest.fixture(scope="module")
def made(bench, manifest):
    return lambda: bench(manifest(reference_bins=BINS))


def answered(one, rows, labels, **more):
    outputs = {"label": np.array(labels, np.int64)} if labels is not None else {}
    return one.note({"X": np.array(rows, np.float32).reshape(-1, 4)}, outputs, **more)


def test_inputs_and_outputs_are_counted_by_bin_and_the_reference_stands_beside_them(made):
    one = made()
    note = answered(one, [[4.5, 0, 0, 0], [6, 0, 0, 0], [9, 0, 0, 0], [np.nan, 0, 0, 0]], [0, 0, 1, 7])
    Drift(one.metrics, 50).look(one.slot, one.served, Rows([note]))
    of = '{model="iris",version="1",role="stable",feature="%s",bin="%s"}'
    assert one.lines("mlops_drift_rows_total") == {
        of % ("sepal", "<5"): 1,
        of % ("sepal", "[5,6)"): 0,
        of % ("sepal", ">=6"): 1,
        of % ("sepal", "below"): 0,
        of % ("sepal", "above"): 1,
        of % ("sepal", "missing"): 1,
        of % ("flower", "missing"): 0,
        of % ("flower", "0"): 2,
        of % ("flower", "1"): 1,
        of % ("flower", "unknown"): 1,
    }
    of = '{model="iris",version="1",feature="sepal",bin="%s"}'
    reference = one.lines("mlops_drift_reference_rows")
    assert [reference[of % name] for name in ("<5", "[5,6)", ">=6", "above")] == [50, 60, 40, 0]


ROW = st.lists(st.sampled_from([3.0, 4.0, 5.5, 7.0, 9.0, float("nan")]), min_size=4, max_size=4)
REQUESTS = st.lists(st.tuples(st.lists(ROW, max_size=3), st.booleans()), min_size=1, max_size=8)


@given(REQUESTS)
@settings(max_examples=30, deadline=None)
def test_many_small_requests_are_counted_as_each_by_itself(made, requests):
    together, apart = made(), made()

    def notes(one):
        return [answered(one, rows, [0] * len(rows) if asked else None) for rows, asked in requests]

    Drift(together.metrics, 50).look(together.slot, together.served, Rows(notes(together)))
    drift = Drift(apart.metrics, 50)
    for note in notes(apart):
        drift.look(apart.slot, apart.served, Rows([note]))
    counted = together.lines("mlops_drift_rows_total")
    assert counted == apart.lines("mlops_drift_rows_total")
    assert sum(n for labels, n in counted.items() if "sepal" in labels) == sum(len(r) for r, _ in requests)


def test_versions_and_roles_are_counted_apart_and_processes_add_up(made, manifest):
    one, two = made(), made()
    candidate = one.serve(manifest(version="2", reference_bins=BINS), "candidate")
    drift = Drift(one.metrics, 50)
    drift.look(one.slot, one.served, Rows([answered(one, [[5, 0, 0, 0]], None)]))
    drift.look(one.slot, candidate, Rows([answered(one, [[5, 0, 0, 0]] * 2, None, served=candidate)]))
    Drift(two.metrics, 50).look(two.slot, two.served, Rows([answered(two, [[5, 0, 0, 0]], None)]))
    text = exposition([one.segment, two.segment]).decode()
    line = 'mlops_drift_rows_total{model="iris",version="%s",role="%s",feature="sepal",bin="[5,6)"} 2'
    assert line % ("1", "stable") in text
    assert line % ("2", "candidate") in text
    assert 'mlops_drift_reference_rows{model="iris",version="1",feature="sepal",bin="[5,6)"} 60' in text


def test_a_feature_that_is_left_out_is_counted_and_named_once_in_the_log(made, caplog):
    one = made()
    drift = Drift(one.metrics, 1)
    for _ in range(3):
        drift.look(one.slot, one.served, Rows([answered(one, [[5, 0, 0, 0]], [0])]))
    assert one.lines("mlops_drift_left_out") == {'{model="iris",version="1"}': 1}
    (record,) = caplog.records
    assert list(record.fields["features"]) == ["flower"]


def wide(manifest, version, bins=12):
    edges = [float(f"{1234.5 + step:.2f}") for step in range(bins - 3)]
    entry = BINS[0] | {"edges": edges, "counts": [1] * (bins - 2), "smallest": 0, "largest": 1e4}
    features = [entry | {"feature": f"a_feature_{n:02}", "tensor": "X", "column": n} for n in range(50)]
    spec = {"name": "X", "datatype": "FP32", "shape": [-1, 50]}
    return manifest(version=version, inputs=[spec], reference_bins=features)


def test_fifty_features_of_many_versions_leave_half_the_segment_to_others(bench, manifest):
    one = bench(wide(manifest, "1"))
    drift = Drift(one.metrics, 50)
    for version in range(1, 40):
        for role in ("stable", "candidate", "previous"):
            served_as = one.serve(wide(manifest, str(version)), role)
            note = one.note({"X": np.zeros((1, 50), np.float32)}, {}, served=served_as)
            drift.look(one.slot, served_as, Rows([note]))
    left_out = one.lines("mlops_drift_left_out")
    counted = [left_out[f'{{model="iris",version="{version}"}}'] == 0 for version in range(1, 40)]
    assert 15 <= sum(counted) < 39
    assert counted == sorted(counted, reverse=True)
    one.metrics.rejected.labels("iris", "later").add()
    assert '{model="iris",reason="later"}' in one.lines("mlops_rejected_total")
