"""The immutable model artifact: what a pipeline writes and the server reads.

In the store an artifact is the folder `models/<name>/<version>/` with `manifest.json` and the files it
lists. Nothing in it changes after it was written; a new model is a new version. This module is pure
but for `verify`, which reads the files of a local copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from mlops_serving.errors import ArtifactError, DigestMismatch

MANIFEST = "manifest.json"
_CHUNK = 1 << 20

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A DNS label, since names end up in Kubernetes objects, metrics and keys."""
Version = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]
"""A decimal string without leading zeros, as MLflow counts registered versions."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A sha256 in lower-case hex."""
Framework = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""Name of a runtime of the server, such as "onnx"; a server that has no such runtime refuses the model."""
EntryPoint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$")]
"""`module:Class` of the artifact's own Python files: `model:Price` is class Price in model.py."""
Datatype = Literal[
    "BOOL",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "FP16",
    "FP32",
    "FP64",
    "BF16",
    "BYTES",
]
"""Tensor datatypes of the Open Inference Protocol, V2."""
Scalar = bool | int | float | str | None


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TensorSpec(_Strict):
    """Name, V2 datatype and shape of one input or output; -1 stands for a free dimension."""

    name: str = Field(min_length=1)
    datatype: Datatype
    shape: tuple[Annotated[int, Field(ge=-1)], ...]


class Tensor(_Strict):
    """One tensor with its values, flat and row-major, as in a V2 JSON request; null is a missing number."""

    name: str = Field(min_length=1)
    shape: tuple[Annotated[int, Field(ge=0)], ...]
    datatype: Datatype
    data: tuple[Scalar, ...]


class Golden(_Strict):
    """Inputs with the outputs the training library gave; the server checks them before it serves.

    `atol` is the largest absolute difference allowed for floating outputs; all others must be equal.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    atol: float = Field(ge=0)


class FileEntry(_Strict):
    """One file of the artifact: a relative POSIX path, its sha256 in hex and its size in bytes."""

    path: str = Field(min_length=1)
    sha256: Digest
    size: int = Field(ge=0)

    @model_validator(mode="after")
    def _inside(self) -> Self:
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts or str(path) != self.path or self.path == MANIFEST:
            raise ValueError(
                f"file path {self.path!r} is not allowed; give a plain relative path other than {MANIFEST}"
            )
        return self


class Feature(_Strict):
    """A feature and where it is: in `column` (from 0) of the input or output `tensor`.

    Without `tensor` the tensor has the feature's name; `column` is needed where it has several.
    """

    feature: str = Field(min_length=1)
    tensor: str | None = None
    column: Annotated[int, Field(ge=0)] | None = None


class ReferenceBins(Feature):
    """How a feature was distributed in the training data, for drift counting.

    numeric: `edges` ascending, `counts` has one entry more than `edges` (below the first, …, from the
    last on); `smallest` and `largest` are the extremes of the training data, what lies beyond is counted
    apart. categorical: `counts` has one entry a category and a last one for all others; categories of a
    tensor of numbers are spelt as numbers. `missing` counts the rows without a value.
    """

    kind: Literal["numeric", "categorical"]
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    counts: tuple[Annotated[int, Field(ge=0)], ...]
    missing: int = Field(ge=0)
    smallest: float | None = None
    largest: float | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        bounds: tuple[float, ...] | tuple[str, ...]
        bounds, other = (
            (self.edges, self.categories) if self.kind == "numeric" else (self.categories, self.edges)
        )
        if other or len(self.counts) != len(bounds) + 1:
            raise ValueError(
                f"feature {self.feature!r} ({self.kind}) has {len(bounds)} bounds and "
                f"{len(self.counts)} counts; give one count more than bounds, and only "
                "edges (numeric) or categories (categorical)"
            )
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges of feature {self.feature!r} must ascend without repeats")
        return self


class Expectation(Feature):
    """What values of an input are expected: bounds (included), `categories`, and whether it may be `missing`.

    A bound or list that is None allows everything. Infinite numbers are never expected.
    """

    minimum: float | None = None
    maximum: float | None = None
    categories: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    missing: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        bounded = self.minimum is not None or self.maximum is not None
        if bounded and self.categories is not None:
            raise ValueError(f"feature {self.feature!r} has bounds and categories; give one of them")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum of feature {self.feature!r} is above its maximum; exchange them")
        return self


class Dataset(_Strict):
    """The data the model was trained on: name, sha256 in hex, number of rows."""

    name: str = Field(min_length=1)
    sha256: Digest
    rows: int = Field(ge=0)


class Manifest(_Strict):
    """Everything there is to know about one model version; the server trusts nothing else.

    `trusted_types` are the types beyond those of skops itself that a skops file may build, as
    `skops.io.get_untrusted_types` names them. `entry_point` is the class of a model of framework python.

    `strict` makes the server refuse requests against `expectations`; otherwise it counts what is against
    them. `sensitive` names columns of the request log (features, or whole tensors) that are to be left
    out of it or hashed with the operator's key.
    """

    schema_version: Literal[1] = 1
    name: ModelName
    version: Version
    created_at: AwareDatetime
    framework: Framework
    dependencies: Mapping[str, str]
    files: tuple[FileEntry, ...] = Field(min_length=1)
    model_file: str
    trusted_types: tuple[str, ...] = ()
    entry_point: EntryPoint | None = None
    inputs: tuple[TensorSpec, ...] = Field(min_length=1)
    outputs: tuple[TensorSpec, ...] = Field(min_length=1)
    classes: tuple[str, ...] | None = None
    reference_bins: tuple[ReferenceBins, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    strict: bool = False
    sensitive: Mapping[str, Literal["drop", "hash"]] = Field(default_factory=dict)
    golden: Golden
    dataset: Dataset
    code_revision: str = Field(min_length=1)
    mlflow_run_id: str | None = None
    metrics: Mapping[str, float]
    fairness: Mapping[str, JsonValue]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("a file is listed twice; list every file once")
        if self.model_file not in paths:
            raise ValueError(
                f"model_file {self.model_file!r} is not among files {paths}; list it with its sha256"
            )
        for kind, specs in (("input", self.inputs), ("output", self.outputs)):
            names = [spec.name for spec in specs]
            if len(set(names)) != len(names):
                raise ValueError(f"an {kind} is listed twice in {names}; names must differ")
        for expected in self.expectations:
            if (expected.tensor or expected.feature) not in [spec.name for spec in self.inputs]:
                raise ValueError(f"what is expected of {expected.feature!r} is of no input; name its tensor")
        return self


def artifact_key(name: str, version: str) -> str:
    """Key prefix of an artifact in the store, without a trailing slash: `models/<name>/<version>`."""
    return f"models/{name}/{version}"


def parse_manifest(text: bytes, where: str) -> Manifest:
    """Read a manifest strictly; `where` is named in the `ArtifactError` of a malformed one."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"]) or "the whole document"
        raise ArtifactError(
            f"manifest {where} is malformed at {path}: {first['msg']} ({error.error_count()} problems); "
            "train and register the model again, artifacts are never repaired"
        ) from error


def dump_manifest(manifest: Manifest) -> bytes:
    """The bytes of `manifest.json`."""
    return manifest.model_dump_json(indent=1).encode()


def file_entry(folder: Path, path: str) -> FileEntry:
    """Digest and size of one file in a local folder, for a manifest that is being written."""
    digest, size = _digest(folder / path)
    return FileEntry(path=path, sha256=digest, size=size)


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every listed file of a local copy with its size and sha256; raise `DigestMismatch`."""
    for file in manifest.files:
        where = f"{file.path} of {artifact_key(manifest.name, manifest.version)}"
        local = folder / file.path
        if not local.is_file():
            raise DigestMismatch(f"{where} is missing; the version is refused")
        digest, size = _digest(local)
        if (digest, size) != (file.sha256, file.size):
            raise DigestMismatch(
                f"{where} has sha256 {digest} and {size} bytes, the manifest says {file.sha256} and "
                f"{file.size} bytes; the version is refused, register the model again"
            )


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
