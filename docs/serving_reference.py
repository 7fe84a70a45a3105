"""Writes docs/serving-reference.md from the model server's code: its settings, metrics and errors.

`make docs` runs it; a test fails when the file is not what this would write.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mlops_serving import errors
from mlops_serving.gate.admin import NAMES as GATE
from mlops_serving.metrics.catalog import SPECS
from mlops_serving.metrics.process import PROCESS_SPECS
from mlops_serving.settings import Settings

TARGET = Path(__file__).with_name("serving-reference.md")
HEAD = """# Model server: settings, metrics, errors

Written by `make docs` from the code.
"""


def document() -> str:
    """The whole file."""
    parts = (
        HEAD,
        "## Settings\n\nEnvironment variables, read once. One that is not listed here is an error.\n",
        table(("variable", "default", "meaning"), settings()),
        "## Metrics\n\n`GET /metrics` on the operators' port, over all workers of a pod.\n",
        table(("metric", "kind", "labels", "meaning"), metrics()),
        "## Errors\n\n"
        'Every failed request gets `{"error": text}`. `kind` is the label `reason` of '
        "`mlops_rejected_total`.\n",
        table(("kind", "HTTP status", "meaning"), failures()),
    )
    return "\n".join(parts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines) + "\n"
    )


def settings() -> Iterator[tuple[str, str, str]]:
    """One row for each variable."""
    for name, field in Settings.model_fields.items():
        yield f"`MLOPS_{name.upper()}`", _default(field), field.description or ""


def metrics() -> Iterator[tuple[str, str, str, str]]:
    """One row for each metric."""
    for spec in (*SPECS, *PROCESS_SPECS):
        yield f"`{spec.name}`", spec.kind, ", ".join(spec.labels), spec.text
    for name, (kind, text) in GATE.items():
        yield f"`{name}`", kind, "", f"Of the [gate](scaling.md#no-pods-while-nobody-asks): {text}"


def failures() -> Iterator[tuple[str, str, str]]:
    """One row for each kind of refused request."""
    found = [
        item
        for item in vars(errors).values()
        if inspect.isclass(item) and issubclass(item, errors.RequestError)
    ]
    for error in sorted(found, key=lambda item: (item.status, item.kind)):
        yield f"`{error.kind}`", str(error.status), (error.__doc__ or "").split("\n", maxsplit=1)[0]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "needed"
    return f"`{field.default}`" if field.default not in ("", None) else "none"


if __name__ == "__main__":
    TARGET.write_text(document())
