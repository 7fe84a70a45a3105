"""Large JSON arrays of numbers: the quick way and the ordinary way must agree, also on what is wrong."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlops_serving.artifact import TensorSpec
from mlops_serving.errors import RequestError
from mlops_serving.protocol import numbers
from mlops_serving.protocol.datatypes import NUMPY, from_json
from mlops_serving.protocol.requests import _quickly, decode, signature

Y = TensorSpec(name="y", datatype="FP32", shape=(-1,))
PAD = " " * numbers.SMALLEST


def one(datatype, *shape):
    return signature((TensorSpec(name="a", datatype=datatype, shape=shape),), (Y,))


def body(data, shape, datatype="FP32", before="", after=""):
    tensor = f'{{"name":"a","shape":{shape},"datatype":"{datatype}","data":{data}}}'
    return f'{{{before}"inputs":[{tensor}]{after}}}'.encode()


def test_an_array_is_lifted_and_the_rest_is_a_small_document():
    data = "[" + ",".join(["1.5"] * 2000) + "]"
    lifted = numbers.lift(body(data, [2000]))
    ((mark, text),) = lifted.arrays.items()
    assert text == data.encode()
    assert orjson.loads(lifted.document)["inputs"][0]["data"] == mark
    assert len(lifted.document) < 200


@pytest.mark.parametrize("datatype", [name for name in NUMPY if name not in ("BOOL", "BYTES")])
@pytest.mark.parametrize("nested", [False, True])
def test_every_number_is_the_one_that_the_ordinary_way_reads(datatype, nested):
    random = np.random.default_rng(7)
    if datatype.startswith("FP"):
        finite = np.finfo(NUMPY[datatype])
        values = (random.normal(size=4000) * 10.0 ** random.integers(-8, 4, 4000)).tolist()
        values += [float(finite.max), float(finite.min), float(finite.smallest_subnormal), -0.0, 0, 2**53 + 1]
        values[-1] = 1 if datatype == "FP16" else values[-1]
    else:
        bounds = np.iinfo(NUMPY[datatype])
        values = random.integers(bounds.min, bounds.max, 4004, NUMPY[datatype], endpoint=True).tolist()
        values += [int(bounds.min), int(bounds.max)]
    rows = np.array(values, object).reshape(-1, 2).tolist()
    text = body(json.dumps(rows if nested else values), [2003, 2], datatype)
    request = _quickly(text, one(datatype, -1, 2))
    assert request is not None
    plain = from_json("a", datatype, (2003, 2), orjson.loads(text)["inputs"][0]["data"])
    assert request.inputs["a"].dtype == plain.dtype
    assert request.inputs["a"].tobytes() == plain.tobytes()


@pytest.mark.parametrize(
    ("data", "shape", "datatype", "text"),
    [
        ("[[1,2],[3]]", [2, 2], "FP32", "ragged"),
        ("[[1,2,3],[4]]", [2, 2], "FP32", "ragged"),
        ("[[],[1,2,3,4]]", [2, 2], "FP32", "ragged"),
        ("[[1,2],3,4]", [2, 2], "FP32", "rows|ragged"),
        ("[1,2,3]", [2, 2], "FP32", "has 3 values but shape"),
        ("[1,2,true,4]", [2, 2], "FP32", "not true/false"),
        ('[1,2,"3",4]', [2, 2], "FP32", "not strings"),
        ("[1,2,3.5,4]", [2, 2], "INT64", "not fractions"),
        ("[1,2,1e2,4]", [2, 2], "INT64", "not fractions"),
        ("[1,2,null,4]", [2, 2], "INT64", "not null"),
        ("[1,2,300,4]", [2, 2], "UINT8", "out of range for UINT8"),
        ("[1,2,-3,4]", [2, 2], "UINT64", "out of range for UINT64"),
        ("[1,2,9223372036854775808,4]", [2, 2], "INT64", "out of range for INT64"),
        ("[1,2,18446744073709551616,4]", [2, 2], "UINT64", "not fractions"),
        ("[1,2,1e39,4]", [2, 2], "FP32", "out of range for FP32"),
        ("[1,2,70000,4]", [2, 2], "FP16", "out of range for FP16"),
        ("[1,2,1e400,4]", [2, 2], "FP64", "not JSON"),
        ("[1,,2,3,4]", [2, 2], "FP32", "not JSON"),
        ("[1,2,3,4,]", [2, 2], "FP32", "not JSON"),
        ("[1,2,03,4]", [2, 2], "FP32", "not JSON"),
        ("[1,2,+3,4]", [2, 2], "FP32", "not JSON"),
        ("[1,2,NaN,4]", [2, 2], "FP32", "not JSON"),
        ("[1,2,3,4]]", [2, 2], "FP32", "not JSON"),
        ("[1,2,3 4]", [2, 2], "FP32", "not JSON"),
        ("[1,2,3.,4]", [2, 2], "FP32", "not JSON"),
        ("[1,2,3,4", [2, 2], "FP32", "not JSON"),
    ],
)
@pytest.mark.parametrize("place", [1, -1])
def test_what_is_wrong_is_refused_in_the_same_words(data, shape, datatype, text, place):
    padded = data[:place] + PAD + data[place:]
    for sent in (data, padded):
        with pytest.raises(RequestError, match=text):
            decode(body(sent, shape, datatype), one(datatype, -1, 2))


def test_null_in_a_large_array_is_a_missing_number():
    array = decode(body(f"[1,{PAD}null,3,4]", [2, 2]), one("FP32", -1, 2)).inputs["a"]
    assert (array[0, 0], np.isnan(array[0, 1]), array[1].tolist()) == (1, True, [3, 4])


LARGE = f"[1,2,{PAD}3,4]"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'"data":{LARGE},', ""),
        (f'"x\\"data":{LARGE},', ""),
        (f'"x":{{"data":{LARGE}}},', ""),
        ("", f',"parameters":{{"p":"\\"data\\":{LARGE}"}}'),
        (f'"inputs":[{{"data":{LARGE}}}],', ""),
        ("", f',"x":[{{"data":["a",{{"data":{LARGE}}}]}}]'),
    ],
)
def test_arrays_elsewhere_in_the_document_do_not_matter(before, after):
    for data in (LARGE, "[1,2,3,4]"):
        text = body(data, [2, 2], before=before, after=after)
        assert decode(text, one("FP32", -1, 2)).inputs["a"].tolist() == [[1, 2], [3, 4]]


def test_an_array_elsewhere_that_is_not_json_is_still_refused():
    wrong = LARGE.replace("2", ",")
    with pytest.raises(RequestError, match="not JSON"):
        decode(body(LARGE, [2, 2], before=f'"x\\"data":{wrong},'), one("FP32", -1, 2))


def test_a_key_given_twice_has_its_last_value():
    text = body(f'{LARGE},"data":[5,6,7,8]', [2, 2])
    assert decode(text, one("FP32", -1, 2)).inputs["a"].tolist() == [[5, 6], [7, 8]]
    text = body(f'[5,6,7,8],"data":{LARGE}', [2, 2])
    assert decode(text, one("FP32", -1, 2)).inputs["a"].tolist() == [[1, 2], [3, 4]]


pieces = st.lists(
    st.sampled_from(
        [
            '"data"',
            ":",
            "[",
            "]",
            ",",
            "1",
            "2.5",
            "-",
            "e3",
            " ",
            "{",
            "}",
            '"',
            "\\",
            "null",
            "true",
            "x",
            "\n",
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(pieces, st.sampled_from([(4,), (2, 2), (2, 1, 2)]), st.sampled_from(["FP32", "INT64"]))
def test_whatever_is_sent_both_ways_agree(data, shape, datatype):
    text = body(f"[1,{PAD}{data}]", list(shape), datatype)
    expected = one(datatype, *shape)
    quick = _quickly(text, expected)
    if quick is None:
        return
    document = orjson.loads(text)
    plain = from_json("a", datatype, shape, document["inputs"][-1]["data"])
    assert quick.inputs["a"].tobytes() == plain.tobytes()


@given(hnp.arrays(np.float64, 600, elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_every_double_is_read_exactly(array):
    text = body(orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY).decode(), [600], "FP64")
    padded = text.replace(b'"data":[', b'"data":[' + PAD.encode())
    request = _quickly(padded, one("FP64", -1))
    assert request is not None
    assert request.inputs["a"].tolist() == array.tolist()


def test_no_python_object_is_made_for_each_number():
    count = 200_000
    text = body("[" + ",".join(["0.1"] * count) + "]", [count])
    tracemalloc.start()
    decode(text, one("FP32", -1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The lifted text, its 64-bit numbers and its 32-bit ones; a list of floats has 32 bytes each.
    assert peak < count * 24


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("shape", [[500, 2], [2, 500], [1, 1000]])
def test_an_array_is_parsed_in_pieces_that_are_short(monkeypatch, nested, shape):
    sizes = []

    class Parser:
        def parse(self, text):
            sizes.append(len(text))
            return numbers.simdjson.Parser().parse(text)

    values = np.arange(1000.0).reshape(shape)
    text = json.dumps((values if nested else values.reshape(-1)).tolist()).encode()
    monkeypatch.setattr(numbers, "PIECE", 100)
    monkeypatch.setattr(numbers, "_Parser", Parser)
    assert numbers.to_array("a", "FP32", tuple(shape), text).tolist() == values.tolist()
    assert sum(sizes) >= len(text) - 10
    assert max(sizes) <= (len(text) if nested and shape[1] > 2 else 130)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(pieces, st.sampled_from([(4,), (2, 2), (2, 1, 2)]), st.sampled_from([1, 2, 5]))
def test_in_pieces_nothing_is_read_that_is_not_json(monkeypatch, data, shape, size):
    text = f"[1,{data}]".encode()
    monkeypatch.setattr(numbers, "PIECE", size)
    try:
        quick = numbers.to_array("a", "FP32", shape, text)
    except (numbers.NotPlain, RequestError):
        return
    plain = from_json("a", "FP32", shape, orjson.loads(text))
    assert quick.tobytes() == plain.tobytes()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 100])
@pytest.mark.parametrize(
    "wrong",
    [
        "[1,2,3,4,]",
        "[1,,2,3,4]",
        "[,1,2,3,4]",
        "[1,2,3,4",
        "[1 2,3,4,5]",
        "[[1,2],[3,4],]",
        "[[1,2,],[3,4]]",
        "[[1,2]],[[3,4]]",
        "[[1,2]5,[3,4]]",
        "[[1,2],[3],4]",
        "[[1,2],[3,4]]]",
        "[1,2,3,4]5",
        "[1,2,3,4],[]",
    ],
)
def test_a_piece_never_hides_what_is_wrong(monkeypatch, wrong, size):
    monkeypatch.setattr(numbers, "PIECE", size)
    with pytest.raises(numbers.NotPlain):
        numbers.to_array("a", "FP32", (2, 2), wrong.encode())
