"""Proving artifacts by hand: everything the server would refuse, at once, and what it would serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from mlops_serving.artifact import MANIFEST, Manifest, TensorSpec, verify
from mlops_serving.cpus import cpu_limit
from mlops_serving.errors import ArtifactError, ModelError
from mlops_serving.folder import find_artifacts
from mlops_serving.models import LoadedModel, load_model


def check(folder: Path, allow_code: bool) -> tuple[str, bool]:
    """A report on what `serve` would take from `folder`, and whether all of it is sound.

    Raises `ArtifactError` when there is nothing to serve.
    """
    parts, sound = list[str](), True
    for path in find_artifacts(folder):
        found = examine(path, allow_code, nested=path != folder)
        if isinstance(found, LoadedModel):
            parts.append(describe(found))
        else:
            sound = False
            parts.append("\n".join([f"{path}: {_count(len(found))}", *(f"  - {text}" for text in found)]))
    return "\n\n".join(parts) + "\n", sound


def examine(folder: Path, allow_code: bool, nested: bool = False) -> LoadedModel | list[str]:
    """The model, which gave its golden answers, or all that is wrong with the artifact.

    A `nested` artifact is in a folder `<name>/<version>/`, which must say what the manifest says. A model
    is loaded only from files that are what the manifest says, since loading may run code.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        return [f"{MANIFEST} cannot be read: {error.strerror}"]
    except ValidationError as error:
        return [
            f"{MANIFEST}: {'.'.join(map(str, item['loc'])) or 'the whole document'}: {item['msg']}"
            for item in error.errors()
        ]
    problems = [*_misplaced(folder, manifest, nested), *_altered(folder, manifest)]
    if problems:
        return problems
    try:
        return load_model(manifest, folder, cpu_limit(), allow_code)
    except ModelError as error:
        return [str(error)]


def describe(model: LoadedModel) -> str:
    """The facts about a model as two columns."""
    manifest = model.manifest
    drift = [bins.feature for bins in manifest.reference_bins]
    how = "overlapping calls" if model.concurrent else "one call at a time"
    facts = [
        ("model", [f"{manifest.name}, version {manifest.version}"]),
        ("framework", [manifest.framework]),
        ("inputs", _tensors(manifest.inputs)),
        ("outputs", _tensors(manifest.outputs)),
        ("batchable", ["yes" if model.signature.batchable else "no"]),
        ("runs", [how]),
        ("call", [f"{model.call_seconds:.6f} s for the golden inputs, {model.row_seconds:.6f} s a row"]),
        ("drift", [f"{len(drift)} features: {', '.join(drift)}" if drift else "not watched"]),
    ]
    lines = [
        f"{title if first else '':<11}{text}" for title, texts in facts for first, text in _firsts(texts)
    ]
    return "\n".join(lines)


def _misplaced(folder: Path, manifest: Manifest, nested: bool) -> Iterator[str]:
    says = (folder.parent.name, folder.name)
    if nested and says != (manifest.name, manifest.version):
        yield f"the folder is {'/'.join(says)}, the manifest is of {manifest.name}/{manifest.version}"


def _altered(folder: Path, manifest: Manifest) -> Iterator[str]:
    for file in manifest.files:
        try:
            verify(folder, manifest.model_copy(update={"files": (file,)}))
        except (ArtifactError, OSError) as error:
            yield str(error)


def _tensors(specs: Sequence[TensorSpec]) -> list[str]:
    width = max(len(spec.name) for spec in specs)
    return [f"{spec.name:<{width}} {spec.datatype} {list(spec.shape)}" for spec in specs]


def _firsts(texts: Sequence[str]) -> Iterator[tuple[bool, str]]:
    return ((place == 0, text) for place, text in enumerate(texts))


def _count(problems: int) -> str:
    return "1 problem" if problems == 1 else f"{problems} problems"
