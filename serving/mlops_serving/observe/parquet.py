"""Writing a table of flat columns as one Parquet file, with nothing but numpy and zlib.

One row group, and for each column one gzip page of plain values; every column may have nulls. Libraries
that write Parquet are larger than the rest of the server. Sources: github.com/apache/parquet-format,
README.md, Encodings.md and `parquet.thrift`; Apache Thrift, doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlops_serving.protocol.datatypes import Array

_MAGIC: Final = b"PAR1"
_LENGTH: Final = struct.Struct("<I")
_GZIP: Final = 2
_GZIP_WINDOW: Final = 31
_PLAIN, _RLE = 0, 3
_OPTIONAL: Final = 1
_CREATOR: Final = b"mlops-serving"


class Kind(NamedTuple):
    """A Parquet type, the type's meaning where it has one (ConvertedType), and how the values are stored."""

    physical: int
    converted: int | None
    stored: str


_KINDS: Final = {
    "bool": Kind(0, None, "bool"),
    "int8": Kind(1, 15, "<i4"),
    "int16": Kind(1, 16, "<i4"),
    "int32": Kind(1, None, "<i4"),
    "int64": Kind(2, None, "<i8"),
    "uint8": Kind(1, 11, "<u4"),
    "uint16": Kind(1, 12, "<u4"),
    "uint32": Kind(1, 13, "<u4"),
    "uint64": Kind(2, 14, "<u8"),
    "float16": Kind(4, None, "<f4"),
    "float32": Kind(4, None, "<f4"),
    "float64": Kind(5, None, "<f8"),
    "datetime64[us]": Kind(2, 10, "<i8"),
    "object": Kind(6, 0, "text"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers, truths, times (datetime64[us], UTC) or text (objects: `bytes` of UTF-8).

    `values` has an entry for each row that is `present`; without `present` every row is.
    """

    name: str
    values: Array
    present: NDArray[np.bool_] | None = None


def write(columns: Sequence[Column], rows: int) -> bytes:
    """The bytes of a Parquet file of so many rows."""
    content = bytearray(_MAGIC)
    chunks: list[bytes] = []
    total = 0
    for column in columns:
        page, plain_size = _page(column, rows)
        chunks.append(_chunk(column, rows, len(content), len(page), plain_size))
        content += page
        total += plain_size
    group = _struct((1, _list(_STRUCT, chunks)), (2, _long(total)), (3, _long(rows)))
    footer = _struct(
        (1, _int(1)),
        (2, _list(_STRUCT, [_root(len(columns)), *map(_schema, columns)])),
        (3, _long(rows)),
        (4, _list(_STRUCT, [group])),
        (6, _text(_CREATOR)),
    )
    return bytes(content) + footer + _LENGTH.pack(len(footer)) + _MAGIC


def _page(column: Column, rows: int) -> tuple[bytes, int]:
    """A data page with its header, and their size before compression."""
    levels = _levels(column.present, rows)
    plain = _LENGTH.pack(len(levels)) + levels + _values(column.values)
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
    packed = packer.compress(plain) + packer.flush()
    data = _struct((1, _int(rows)), (2, _int(_PLAIN)), (3, _int(_RLE)), (4, _int(_RLE)))
    header = _struct((1, _int(0)), (2, _int(len(plain))), (3, _int(len(packed))), (5, Value(_STRUCT, data)))
    return header + packed, len(header) + len(plain)


def _levels(present: NDArray[np.bool_] | None, rows: int) -> bytes:
    """Which rows have a value: one run if all have, else a bit for each."""
    if present is None:
        return _varint(rows << 1) + b"\x01"
    groups = (rows + 7) // 8
    return _varint(groups << 1 | 1) + np.packbits(present, bitorder="little").tobytes()


def _values(values: Array) -> bytes:
    stored = _KINDS[str(values.dtype)].stored
    if stored == "text":
        return b"".join(_LENGTH.pack(len(item)) + item for item in values.tolist())
    if stored == "bool":
        return np.packbits(values, bitorder="little").tobytes()
    return values.astype(stored).tobytes()


def _root(columns: int) -> bytes:
    return _struct((4, _text(b"schema")), (5, _int(columns)))


def _schema(column: Column) -> bytes:
    kind = _KINDS[str(column.values.dtype)]
    converted = [] if kind.converted is None else [(6, _int(kind.converted))]
    return _struct(
        (1, _int(kind.physical)), (3, _int(_OPTIONAL)), (4, _text(column.name.encode())), *converted
    )


def _chunk(column: Column, rows: int, offset: int, size: int, plain_size: int) -> bytes:
    data = _struct(
        (1, _int(_KINDS[str(column.values.dtype)].physical)),
        (2, _list(_INT, [_zigzag(_PLAIN), _zigzag(_RLE)])),
        (3, _list(_BINARY, [_text(column.name.encode()).data])),
        (4, _int(_GZIP)),
        (5, _long(rows)),
        (6, _long(plain_size)),
        (7, _long(size)),
        (9, _long(offset)),
    )
    return _struct((2, _long(offset)), (3, Value(_STRUCT, data)))


# Thrift's compact protocol, as far as the above needs it.

_INT, _LONG, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12


class Value(NamedTuple):
    """A field's type and its bytes."""

    type: int
    data: bytes


def _struct(*fields: tuple[int, Value]) -> bytes:
    """Fields in ascending order of their numbers, which differ by less than 16."""
    parts, before = bytearray(), 0
    for number, value in fields:
        parts.append((number - before) << 4 | value.type)
        parts += value.data
        before = number
    return bytes(parts) + b"\0"


def _list(type: int, items: Iterable[bytes]) -> Value:
    found = list(items)
    start = bytes([len(found) << 4 | type]) if len(found) < 15 else bytes([0xF0 | type]) + _varint(len(found))
    return Value(_LIST, start + b"".join(found))


def _int(number: int) -> Value:
    return Value(_INT, _zigzag(number))


def _long(number: int) -> Value:
    return Value(_LONG, _zigzag(number))


def _text(text: bytes) -> Value:
    return Value(_BINARY, _varint(len(text)) + text)


def _zigzag(number: int) -> bytes:
    """None of our numbers is negative."""
    return _varint(number << 1)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
