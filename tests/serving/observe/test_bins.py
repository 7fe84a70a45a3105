"""Counting into bins is what a slow loop would count."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_serving.artifact import ReferenceBins
from mlops_serving.observe.bins import CategoryBins, NumberBins, plan

EDGE_NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0, -1.0, 0.1, math.nan, math.inf, -math.inf]), st.floats(width=32)
)


def numeric(edges, smallest=None, largest=None):
    return ReferenceBins(
        feature="x",
        kind="numeric",
        edges=edges,
        counts=tuple(range(1, len(edges) + 2)),
        missing=7,
        smallest=smallest,
        largest=largest,
    )


def slow_number(bins, value):
    """The label of one number's bin."""
    if math.isnan(value):
        return "missing"
    if bins.smallest is not None and value < bins.smallest:
        return "below"
    if bins.largest is not None and value > bins.largest:
        return "above"
    texts = [f"{edge:.6g}" for edge in bins.edges]
    if value < bins.edges[0]:
        return f"<{texts[0]}"
    for low, high, value_high in zip(texts, texts[1:], bins.edges[1:], strict=False):
        if value < value_high:
            return f"[{low},{high})"
    return f">={texts[-1]}"


@given(
    values=st.lists(EDGE_NUMBERS, max_size=50),
    edges=st.lists(st.integers(-3, 3), min_size=1, max_size=6, unique=True).map(sorted),
    room=st.tuples(st.none() | st.integers(-4, 0), st.none() | st.integers(3, 4)),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_numbers_are_counted_as_a_loop_counts_them(values, edges, room, dtype):
    bins = numeric(tuple(map(float, edges)), *(None if one is None else float(one) for one in room))
    counting = NumberBins(bins)
    array = np.array(values, dtype)
    counted = dict(zip(counting.labels, counting.count(array).tolist(), strict=True))
    expected = dict.fromkeys(counting.labels, 0)
    for value in array.tolist():
        expected[slow_number(bins, value)] += 1
    assert counted == expected


def test_every_bin_has_its_label_and_the_training_rows_that_were_in_it():
    bins = NumberBins(numeric((1.0, 2.5), smallest=0.0, largest=9.0))
    assert dict(zip(bins.labels, bins.reference, strict=True)) == {
        "<1": 1,
        "[1,2.5)": 2,
        ">=2.5": 3,
        "below": 0,
        "above": 0,
        "missing": 7,
    }


def test_bins_in_which_nothing_can_ever_be_have_no_series():
    assert NumberBins(numeric((0.0, 1.0), smallest=0.0)).labels == ("[0,1)", ">=1", "below", "missing")
    assert NumberBins(numeric((0.0, 1.0))).labels == ("<0", "[0,1)", ">=1", "missing")
    assert NumberBins(numeric(())).labels == ("any", "missing")


def test_edges_that_six_digits_cannot_tell_apart_are_written_in_full():
    assert NumberBins(numeric((1.0000001, 1.0000002))).labels[1] == "[1.0000001,1.0000002)"


def categorical(categories):
    counts = tuple(range(1, len(categories) + 2))
    return ReferenceBins(feature="x", kind="categorical", categories=categories, counts=counts, missing=7)


def slow_category(categories, value):
    if value in ("", b"") and "" not in categories:
        return "missing"
    text = value.decode() if isinstance(value, bytes) else value
    return text if text in categories else "unknown"


@given(
    values=st.lists(st.sampled_from(["a", "b", "", "é", "zz", b"a", b"", "é".encode()]), max_size=50),
    categories=st.lists(st.sampled_from(["a", "b", "é"]), max_size=3, unique=True),
)
def test_texts_are_counted_as_a_loop_counts_them(values, categories):
    counting = CategoryBins(categorical(tuple(categories)), "BYTES")
    array = np.empty(len(values), np.object_)
    array[:] = values
    expected = dict.fromkeys(counting.labels, 0)
    for value in values:
        expected[slow_category(categories, value)] += 1
    assert dict(zip(counting.labels, counting.count(array).tolist(), strict=True)) == expected


@given(
    values=st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, math.nan, math.inf]), max_size=50),
    categories=st.lists(st.sampled_from(["3", "1", "2"]), max_size=3, unique=True),
)
def test_numeric_codes_are_counted_as_a_loop_counts_them(values, categories):
    counting = CategoryBins(categorical(tuple(categories)), "FP32")
    expected = dict.fromkeys(counting.labels, 0)
    for value in values:
        known = {float(category): category for category in categories}
        label = "missing" if math.isnan(value) else known.get(value, "unknown")
        expected[label] += 1
    counted = counting.count(np.array(values, np.float32)).tolist()
    assert dict(zip(counting.labels, counted, strict=True)) == expected


@pytest.mark.parametrize("dtype", [np.bool_, np.int64, np.uint8])
def test_truths_and_whole_numbers_are_categories_too(dtype):
    counting = CategoryBins(categorical(("true", "false")), "BOOL")
    assert counting.count(np.array([1, 1, 0], dtype)).tolist() == [0, 2, 1, 0]
    assert dict(zip(counting.labels, counting.reference, strict=True)) == {
        "missing": 7,
        "true": 1,
        "false": 2,
        "unknown": 3,
    }


@given(st.lists(st.text(max_size=100), max_size=20))
def test_labels_are_short_printable_and_never_the_same(categories):
    labels = CategoryBins(categorical(tuple(categories)), "BYTES").labels
    assert len(set(labels)) == len(labels)
    assert all(label.isprintable() and len(label) <= 52 for label in labels)


def bins(feature, **more):
    return {"feature": feature, "kind": "numeric", "edges": [1.0], "counts": [1, 1], "missing": 0} | more


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (bins("sepal"), "the model has no tensor 'sepal'"),
        (bins("X"), "tensor 'X' has 4 columns (-1 is any number) and none is named"),
        (bins("f", tensor="X", column=4), "tensor 'X' has 4 columns (-1 is any number), none with number 4"),
        (bins("label", column=1), "tensor 'label' has no columns"),
        (
            bins("f", tensor="X", column=0, kind="categorical", edges=[], categories=["red"]),
            "category 'red' is no number, but the tensor is FP32",
        ),
        (
            bins("label", edges=list(range(64)), counts=[0] * 65),
            "it has 65 bins, at most 64 are counted",
        ),
    ],
)
def test_a_feature_that_cannot_be_counted_is_left_out_with_the_reason(manifest, entry, why):
    made = plan(manifest(reference_bins=[entry, bins("one", tensor="X", column=0)]), 50)
    assert [counted.place.feature for counted in made.counted] == ["one"]
    assert made.left_out == {entry["feature"]: why}


def test_only_so_many_features_are_counted_and_the_others_are_named(manifest):
    entries = [bins(f"f{column}", tensor="X", column=column) for column in range(4)]
    made = plan(manifest(reference_bins=entries), 3)
    assert [counted.place.feature for counted in made.counted] == ["f0", "f1", "f2"]
    assert made.left_out == {"f3": "only 3 features are counted, set MLOPS_DRIFT_FEATURES for more"}


def test_a_name_that_is_there_twice_counts_once(manifest):
    entries = [bins("f", tensor="X", column=column) for column in range(2)]
    made = plan(manifest(reference_bins=entries), 3)
    assert [counted.place.column for counted in made.counted] == [0]
    assert made.left_out == {"f": "its name is there twice, the first counts"}
