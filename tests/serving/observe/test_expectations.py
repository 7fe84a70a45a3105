"""Values that a manifest does not expect: what is found, counted and refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_serving.errors import ArtifactError, ModelError
from mlops_serving.observe.expectations import Gate, Problem, check, checks, gate, refusal
from mlops_serving.observe.quality import Quality
from mlops_serving.observe.watch import Rows

AGE = {"feature": "age", "tensor": "X", "column": 0, "minimum": 0, "maximum": 120, "missing": False}
CODE = {"feature": "code", "tensor": "X", "column": 1, "categories": ["1", "2"]}
FREE = {"feature": "free", "tensor": "X", "column": 2}
COLOUR = {"feature": "colour", "categories": ["red", "blue"], "missing": False}
INPUTS = [
    {"name": "X", "datatype": "FP32", "shape": [-1, 4]},
    {"name": "colour", "datatype": "BYTES", "shape": [-1]},
]
GOOD = [50.0, 1.0, -1e30, 0.0]


@pytest.fixture(scope="module")
def strict(manifest):
    return manifest(inputs=INPUTS, expectations=[AGE, CODE, FREE, COLOUR], strict=True)


def inputs(rows, colours=None):
    texts = np.empty(len(rows), np.object_)
    texts[:] = ["red"] * len(rows) if colours is None else colours
    return {"X": np.array(rows, np.float32).reshape(-1, 4), "colour": texts}


def found(strict, given):
    return list(check(checks(strict), lambda place: place.of(given[place.tensor])))


@pytest.mark.parametrize(
    ("row", "colour", "problem"),
    [
        ([math.nan, 1, 0, 0], "red", ("age", "missing")),
        ([-1, 1, 0, 0], "red", ("age", "below")),
        ([121, 1, 0, 0], "red", ("age", "above")),
        ([math.inf, 1, 0, 0], "red", ("age", "not_finite")),
        ([50, 3, 0, 0], "red", ("code", "unknown")),
        ([50, 1.5, 0, 0], "red", ("code", "unknown")),
        ([50, 1, -math.inf, 0], "red", ("free", "not_finite")),
        ([50, 1, 0, 0], "green", ("colour", "unknown")),
        ([50, 1, 0, 0], b"green", ("colour", "unknown")),
        ([50, 1, 0, 0], "", ("colour", "missing")),
    ],
)
def test_each_problem_is_found_with_its_feature_and_row(strict, row, colour, problem):
    given = inputs([GOOD, row, row], ["red", colour, colour])
    assert found(strict, given) == [Problem(*problem, rows=2, first=1)]
    assert Gate(checks(strict)).problems(given) == (Problem(*problem, rows=2, first=1),)


def test_bounds_are_included_and_what_may_be_missing_is_no_problem(strict):
    rows = [[0, 1, 0, 0], [120, math.nan, math.nan, math.inf]]
    assert found(strict, inputs(rows, [b"red", "blue"])) == []


NUMBERS = st.sampled_from([0.0, -1.0, 1.0, 2.0, 3.0, 120.0, 121.0, math.nan, math.inf, -math.inf, 3.4e38])
LINES = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["red", "x", ""])), max_size=4)


@given(LINES)
def test_the_gate_lets_through_exactly_what_has_no_problem(strict, lines):
    given = inputs([line[:4] for line in lines], [line[4] for line in lines])
    assert Gate(checks(strict)).problems(given) == tuple(found(strict, given))


def test_a_refusal_names_feature_row_and_kind_and_never_a_value(strict):
    given = inputs([GOOD, [12345, 1, 0, 0]], ["red", "topsecret"])
    text = str(refusal(Gate(checks(strict)).problems(given)))
    assert text == (
        "the model does not take such values: 'age' is above the maximum in row 1; 'colour' is none of the "
        "known categories in row 1 (rows count from 0); correct them"
    )


def test_only_a_strict_model_has_a_gate(manifest, strict):
    assert gate(strict)
    assert gate(manifest(expectations=[AGE])) is None
    assert gate(manifest(strict=True)) is None


def test_rows_with_problems_are_counted_by_feature_and_problem(bench, strict):
    one = bench(strict)
    quality = Quality(one.metrics)
    notes = [one.note(inputs([[-1, 3, 0, 0]]), {}), one.note(inputs([GOOD, [-1, 1, 0, 0]]), {})]
    for _ in range(2):
        quality.look(one.slot, one.served, Rows(notes))
    of = '{model="iris",version="1",feature="%s",problem="%s"}'
    assert one.lines("mlops_data_problems_total") == {of % ("age", "below"): 4, of % ("code", "unknown"): 2}


@pytest.mark.parametrize(
    ("expectation", "text"),
    [
        (AGE | {"column": 9}, "tensor 'X' has 4 columns"),
        (AGE | {"column": None}, "tensor 'X' has 4 columns"),
        (CODE | {"categories": ["red"]}, "category 'red' is no number"),
        ({"feature": "colour", "minimum": 1}, "'colour' has bounds, but tensor 'colour' is text"),
    ],
)
def test_what_cannot_be_checked_is_refused_when_the_model_is_loaded(manifest, expectation, text):
    with pytest.raises(ModelError, match=f"expects of its inputs cannot be checked: .*{text}"):
        gate(manifest(inputs=INPUTS, expectations=[expectation], strict=True))


@pytest.mark.parametrize(
    ("expectation", "text"),
    [
        (AGE | {"tensor": "label"}, "what is expected of 'age' is of no input"),
        (AGE | {"minimum": 121}, "minimum of feature 'age' is above its maximum"),
        (AGE | {"categories": ["1"]}, "feature 'age' has bounds and categories"),
        (CODE | {"categories": []}, "expectations.0.categories"),
    ],
)
def test_expectations_that_contradict_themselves_are_refused(manifest, expectation, text):
    with pytest.raises(ArtifactError, match=text):
        manifest(inputs=INPUTS, expectations=[expectation])
