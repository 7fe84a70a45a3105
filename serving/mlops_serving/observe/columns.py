"""The columns of the request log: their names, what is left out, and the table of some requests. All pure.

    time | request_id | model | version | role | row | a column a feature | a column an output

One line is one row of a request. Features have the names of the manifest's bins and expectations, other
columns `tensor` or `tensor.number`, outputs by class `tensor.class`.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from mlops_serving.artifact import Feature, Manifest, TensorSpec
from mlops_serving.errors import ModelError
from mlops_serving.observe.features import Misplaced, Place, by_rows, place
from mlops_serving.observe.parquet import Column, write
from mlops_serving.protocol.datatypes import Array

FIXED: Final = ("time", "request_id", "model", "version", "role", "row")


class Logged(NamedTuple):
    """A column of the log; a `hashed` one has the HMAC of its values."""

    name: str
    place: Place
    hashed: bool


class Kept(NamedTuple):
    """What is kept of one answered request; `time` is since the epoch, `size` its bytes in memory."""

    time: float
    id: str
    role: str
    rows: int
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    size: int


def logged(manifest: Manifest) -> tuple[Logged, ...]:
    """The columns of a model version; `ModelError` when `sensitive` names none of them."""
    sensitive = dict(manifest.sensitive)
    columns: list[Logged] = []
    taken, known = set(FIXED), set[str]()
    for output, specs in ((False, manifest.inputs), (True, manifest.outputs)):
        for spec in specs:
            known.add(spec.name)
            for found in _places(manifest, spec, output):
                known.add(found.feature)
                name = found.feature
                while name in taken:
                    name = f"{'output' if output else 'input'}_{name}"
                taken.add(name)
                rule = sensitive.get(found.feature, sensitive.get(spec.name))
                if rule != "drop":
                    columns.append(Logged(name, found, rule == "hash"))
    if unknown := [name for name in sensitive if name not in known]:
        raise ModelError(
            f"version {manifest.version} of {manifest.name} calls {unknown} sensitive, which it does not "
            f"have; its columns are {sorted(known)}; correct the names and register the model again"
        )
    return tuple(columns)


def table(model: str, version: str, columns: Sequence[Logged], kept: Sequence[Kept], key: bytes) -> bytes:
    """The Parquet file of some requests. Without `key` no column may be hashed."""
    rows = [one.rows for one in kept]
    total = sum(rows)
    fixed = (
        Column("time", np.repeat(np.array([int(one.time * 1e6) for one in kept], "datetime64[us]"), rows)),
        Column("request_id", np.repeat(_texts([one.id for one in kept]), rows)),
        Column("model", np.repeat(_texts([model]), total)),
        Column("version", np.repeat(_texts([version]), total)),
        Column("role", np.repeat(_texts([one.role for one in kept]), rows)),
        Column("row", np.concatenate([np.arange(count, dtype=np.int32) for count in rows])),
    )
    return write([*fixed, *(_column(column, kept, key) for column in columns)], total)


def _column(column: Logged, kept: Sequence[Kept], key: bytes) -> Column:
    """The values of one column; those of an output nobody asked for are null."""
    parts: list[Array] = []
    there: list[bool] = []
    for one in kept:
        tensor = (one.outputs if column.place.output else one.inputs).get(column.place.tensor)
        there.append(tensor is not None)
        if tensor is not None:
            parts.append(column.place.of(tensor))
    values = np.concatenate(parts) if parts else np.empty(0, np.float64)
    present = None if all(there) else np.repeat(there, [one.rows for one in kept])
    if column.hashed:
        present = np.ones(len(values), np.bool_) if present is None else present
        known = ~_missing(values)
        present[np.flatnonzero(present)[~known]] = False
        values = _texts([hashed(value, key) for value in values[known].tolist()])
    elif values.dtype == np.object_:
        values = _texts(values.tolist())
    return Column(column.name, values, present)


def hashed(value: object, key: bytes) -> str:
    """HMAC-SHA256 in hex of a value's text: text itself, numbers as Python writes them, true or false."""
    if isinstance(value, bytes):
        text = value
    elif isinstance(value, bool):
        text = b"true" if value else b"false"
    else:
        text = str(value).encode()
    return hmac.digest(key, text, "sha256").hex()


def _missing(values: Array) -> Any:
    if values.dtype == np.object_:
        return np.array([not value for value in values.tolist()], np.bool_)
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), np.bool_)


def _texts(texts: Sequence[str | bytes]) -> Array:
    """Objects of UTF-8 bytes; what is not UTF-8 is replaced."""
    array = np.empty(len(texts), np.object_)
    array[:] = [
        text.encode() if isinstance(text, str) else text.decode(errors="replace").encode() for text in texts
    ]
    return array


def _places(manifest: Manifest, spec: TensorSpec, output: bool) -> Iterable[Place]:
    """The columns of a tensor with their names; none if it cannot be read by rows and columns."""
    if not by_rows(manifest, spec) or -1 in spec.shape[1:]:
        return
    width = spec.shape[1] if len(spec.shape) == 2 else None
    names = _named(manifest)
    for column in (None,) if width is None else range(width):
        name = names.get((spec.name, column)) or _default_name(manifest, spec, output, column, width)
        yield Place(name, output, spec.name, column, spec.datatype)


def _named(manifest: Manifest) -> dict[tuple[str, int | None], str]:
    """Names that the manifest gives to columns of its tensors."""
    names: dict[tuple[str, int | None], str] = {}
    features: list[Feature] = [*manifest.reference_bins, *manifest.expectations]
    for feature in features:
        try:
            found = place(manifest, feature)
        except Misplaced:
            continue
        names.setdefault((found.tensor, found.column), found.feature)
    return names


def _default_name(
    manifest: Manifest, spec: TensorSpec, output: bool, column: int | None, width: int | None
) -> str:
    if column is None or width == 1:
        return spec.name
    if output and manifest.classes and len(manifest.classes) == width:
        return f"{spec.name}.{manifest.classes[column]}"
    return f"{spec.name}.{column}"
