"""Ask a served endpoint for a prediction, and show the `curl` line that does the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import httpx

from mlops_cli.client_trace import trace_id
from mlops_cli.errors import NotServing

TIMEOUT_SECONDS = 10.0


def infer_url(endpoint: Mapping[str, Any]) -> str:
    """URL of the Open Inference Protocol's infer call for an entry of the stack's `endpoints`."""
    return f"{endpoint['url']}/v2/models/{endpoint['model']}/infer"


def curl_line(url: str, request: Mapping[str, Any]) -> str:
    """The command that sends `request` to `url`, quoted for a POSIX shell."""
    body = json.dumps(request, separators=(",", ":"))
    return f"curl -s {url} -H 'Content-Type: application/json' -d {shlex.quote(body)}"


def predict(url: str, request: Mapping[str, Any], traceparent: str) -> dict[str, Any]:
    """POST one request under a `traceparent` and return the decoded answer.

    Raises:
        NotServing: no answer within 10 s, or an answer other than 200; the server's own error is kept.
    """
    try:
        response = httpx.post(
            url, json=dict(request), headers={"traceparent": traceparent}, timeout=TIMEOUT_SECONDS
        )
    except httpx.HTTPError as error:
        raise NotServing(
            f"{url} did not answer: {error}\nSee `mlops status` for what is not ready."
        ) from error
    if response.status_code != httpx.codes.OK:
        raise NotServing(
            f"{url} answered {response.status_code}: {response.text.strip()}\n"
            f"What the server's log says of it has the trace_id {trace_id(traceparent)}."
        )
    answer = response.json()
    return dict(answer)


def example_request(model: str) -> dict[str, Any] | None:
    """A real row for the models that this repository trains; None for any other."""
    if model != "mortgage":
        return None
    from mlops_pipelines.mortgage import example_request as mortgage

    return dict(mortgage())
