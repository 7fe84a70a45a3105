"""The statistics extension: what all workers have done together, for each model version.

Our meters give its numbers: decode is `compute_input`, predict `compute_infer`, encode `compute_output`.
`inference_count` and `execution_count` count the rows and calls that were given to the model. There is no
response cache, and no record of each batch size (the metric `mlops_batch_rows` has their distribution).
Source: Triton, docs/protocol/extension_statistics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from mlops_serving.metrics import catalog
from mlops_serving.metrics.meters import Spec
from mlops_serving.metrics.text import Merged

_NANOSECONDS: Final = 1e9
_MILLISECONDS: Final = 1e3


def model_statistics(merged: Merged, models: Sequence[tuple[str, str]]) -> bytes:
    """The reply for these models, each a name and a version, from the numbers of all processes."""
    return orjson.dumps({"model_stats": [_model(merged, name, version) for name, version in models]})


def _model(merged: Merged, name: str, version: str) -> dict[str, Any]:
    requests = merged[catalog.REQUESTS.name]
    answered = _added(merged, catalog.REQUEST_SECONDS, name, version)
    failed = sum(_added(merged, catalog.FAILED_SECONDS, name, version))
    rows = _added(merged, catalog.BATCH_ROWS, name, version)
    codes = {labels: values[0] for labels, values in requests.items() if labels[:2] == (name, version)}
    succeeded = sum(count for labels, count in codes.items() if labels[-1] == "200")
    last = merged[catalog.LAST_SECONDS.name]
    times = [values[0] for labels, values in last.items() if labels[:2] == (name, version)]
    stages = {
        key: _duration(sum(values[:-1]), values[-1]) if values else _duration(0, 0)
        for key, values in (
            (key, merged[catalog.STAGE_SECONDS.name].get((name, version, stage), ()))
            for key, stage in _STAGES.items()
        )
    }
    return {
        "name": name,
        "version": version,
        "last_inference": round(max(times, default=0.0) * _MILLISECONDS),
        "inference_count": round(rows[-1]) if rows else 0,
        "execution_count": round(sum(rows[:-1])),
        "inference_stats": {
            "success": _duration(succeeded, (answered[-1] if answered else 0.0) - failed),
            "fail": _duration(sum(codes.values()) - succeeded, failed),
            **stages,
            "cache_hit": _duration(0, 0),
            "cache_miss": _duration(0, 0),
        },
        "batch_stats": [],
    }


_STAGES: Final = {
    "queue": "queue",
    "compute_input": "decode",
    "compute_infer": "predict",
    "compute_output": "encode",
}


def _added(merged: Merged, spec: Spec, name: str, version: str) -> tuple[float, ...]:
    """The numbers of a metric for one model version, added up over its other labels."""
    found = [values for labels, values in merged[spec.name].items() if labels[:2] == (name, version)]
    return tuple(map(sum, zip(*found, strict=True)))


def _duration(count: float, seconds: float) -> dict[str, int]:
    return {"count": round(count), "ns": max(0, round(seconds * _NANOSECONDS))}
