"""Our Parquet files, read by an independent library."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from arro3.io import read_parquet
from hypothesis import given
from hypothesis import strategies as st

from mlops_serving.observe.parquet import Column, write

NUMBERS = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]


def read(columns, rows):
    table = read_parquet(BytesIO(write(columns, rows))).read_all()
    assert table.num_rows == rows
    return {name: table[name].to_pylist() for name in table.column_names}


def texts(values):
    array = np.empty(len(values), np.object_)
    array[:] = [value.encode() for value in values]
    return array


@pytest.mark.parametrize("dtype", NUMBERS)
def test_every_whole_number_and_truth_survives(dtype):
    kind = np.dtype(dtype)
    ends = [0, 1] if dtype == "bool" else [np.iinfo(kind).min, np.iinfo(kind).max]
    array = np.array([*ends, 1, 0, 1, 1, 0, 1, 1], kind)
    assert read([Column("x", array)], 9)["x"] == array.tolist()


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_floating_number_survives_and_nan_is_no_null(dtype):
    array = np.array(
        [0.1, -0.0, math.inf, -math.inf, np.finfo(dtype).max, np.finfo(dtype).tiny, math.nan], dtype
    )
    got = read([Column("x", array)], 7)["x"]
    assert got[:-1] == array[:-1].tolist()
    assert math.isnan(got[-1])


def test_times_are_in_utc_to_the_microsecond():
    when = np.array(["2026-11-24T18:00:00.000001"], "datetime64[us]")
    expected = datetime(2026, 11, 24, 18, 0, 0, 1, tzinfo=UTC)
    assert read([Column("x", when)], 1)["x"] == [expected]


@given(st.lists(st.none() | st.text(max_size=300), min_size=1, max_size=300))
def test_texts_and_nulls_survive(values):
    present = np.array([value is not None for value in values])
    given = texts([value for value in values if value is not None])
    assert read([Column("x", given, present)], len(values))["x"] == values


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40), st.integers(1, 40))
def test_many_columns_of_any_name_survive(values, width):
    array = np.array(values, np.int64)
    names = ["é" * 70, *(f"column {number}" for number in range(1, width))]
    columns = [Column(name, array + number) for number, name in enumerate(names) if number == 0]
    columns += [Column(name, array) for name in names[1:]]
    assert read(columns, len(values)) == dict.fromkeys(names, values)


def test_a_large_file_is_compressed():
    data = write([Column("x", np.zeros(100_000))], 100_000)
    assert len(data) < 10_000
    assert read_parquet(BytesIO(data)).read_all().num_rows == 100_000
