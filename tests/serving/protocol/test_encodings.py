"""Compressed bodies."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_serving.errors import BodyTooLarge, RequestError, UnsupportedEncoding
from mlops_serving.protocol.encodings import accepted, deflate, inflate

PACK = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "GZip": gzip.compress}


@pytest.mark.parametrize("encoding", PACK)
@pytest.mark.parametrize("body", [b"", b"a", b"abc" * 5000])
def test_a_body_comes_back_as_its_client_had_it(encoding, body):
    assert inflate(PACK[encoding](body), encoding, 15_000) == body


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_the_limit_is_on_what_is_inflated(encoding):
    packed = PACK[encoding](b"a" * 1000)
    assert len(inflate(packed, encoding, 1000)) == 1000
    with pytest.raises(BodyTooLarge, match="larger than 999 bytes") as caught:
        inflate(packed, encoding, 999)
    assert caught.value.status == 413


def test_a_bomb_is_never_in_memory():
    bomb = zlib.compress(b"\0" * (256 << 20), 9)
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        inflate(bomb, "deflate", 1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda packed: packed[:-1], "ends too early"),
        (lambda packed: packed[:5], "ends too early"),
        (lambda packed: b"", "ends too early"),
        (lambda packed: packed + b"x", "goes on after its end"),
        (lambda packed: packed * 2, "goes on after its end"),
        (lambda packed: b"x" + packed, "the body is not"),
        (lambda packed: packed[:-1] + bytes([packed[-1] ^ 1]), "the body is not"),
    ],
)
def test_a_broken_stream_is_refused(encoding, damage, text):
    with pytest.raises(RequestError, match=text) as caught:
        inflate(damage(PACK[encoding](b"abc" * 100)), encoding, 1000)
    assert caught.value.status == 400


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "", "x" * 5000])
def test_another_encoding_is_refused_with_those_that_are_allowed(encoding):
    with pytest.raises(UnsupportedEncoding, match="gzip, deflate") as caught:
        inflate(b"", encoding, 1000)
    assert (caught.value.status, caught.value.allowed) == (415, "gzip, deflate")
    assert len(str(caught.value)) < 200


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_every_reply_survives(body, encoding):
    assert inflate(deflate(body, encoding), encoding, 200) == body


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate", "gzip"),
        ("deflate, gzip", "gzip"),
        ("GZIP;q=0.5, deflate;q=0.8", "deflate"),
        ("gzip;q=0", None),
        ("gzip ; q=0.0 , deflate;q=0", None),
        ("identity", None),
        ("br, zstd", None),
        ("*", None),
        ("", None),
        ("gzip;q=x", None),
        ("gzip;level=9", "gzip"),
        ("gzip;q=nan", None),
    ],
)
def test_the_coding_of_a_reply_is_one_that_its_client_takes(header, expected):
    assert accepted(header) == expected
