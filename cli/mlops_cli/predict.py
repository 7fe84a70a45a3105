"""Ask a served endpoint for a prediction, and show the `curl` line that does the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import httpx

from mlops_cli import client_trace
from mlops_cli.errors import NotServing, RequestRefused
from mlops_cli.status import WITHOUT_PODS
from mlops_cli.ui import Ui
from mlops_stacks.settings import Settings
from pulumi_mlops import checks

TIMEOUT_SECONDS = 10.0


def infer_url(endpoint: Mapping[str, Any]) -> str:
    """URL of the Open Inference Protocol's infer call for an entry of the stack's `endpoints`."""
    return f"{endpoint['url']}/v2/models/{endpoint['model']}/infer"


def curl_line(url: str, request: Mapping[str, Any]) -> str:
    """The command that sends `request` to `url`, quoted for a POSIX shell."""
    body = json.dumps(request, separators=(",", ":"))
    return f"curl -s {url} -H 'Content-Type: application/json' -d {shlex.quote(body)}"


def patience(settings: Settings, endpoint: str) -> float:
    """Seconds to wait for an endpoint's answer: longer than a gate holds a request, where it has one."""
    for each in settings.endpoints:
        if each.name == endpoint and each.min_replicas == 0:
            idle = each.scaling.idle
            held = checks.seconds_of(idle.hold_for) if idle and idle.hold_for else checks.HOLD_SECONDS
            return held + TIMEOUT_SECONDS
    return TIMEOUT_SECONDS


def predict(url: str, request: Mapping[str, Any], traceparent: str, seconds: float) -> dict[str, Any]:
    """POST one request under a `traceparent` and return the decoded answer.

    Raises:
        RequestRefused: the server answered 400; its own error is kept.
        NotServing: no connection within 10 s, no answer within `seconds`, or another one than 200.
    """
    try:
        response = httpx.post(
            url,
            json=dict(request),
            headers={"traceparent": traceparent},
            timeout=httpx.Timeout(seconds, connect=TIMEOUT_SECONDS),
        )
    except httpx.HTTPError as error:
        raise NotServing(
            f"{url} did not answer: {error}\nSee `mlops status` for what is not ready."
        ) from error
    if response.status_code != httpx.codes.OK:
        failure = RequestRefused if response.status_code == httpx.codes.BAD_REQUEST else NotServing
        raise failure(
            f"{url} answered {response.status_code}: {response.text.strip()}\n"
            f"What the server's log says of it has the trace_id {client_trace.trace_id(traceparent)}."
        )
    answer = response.json()
    return dict(answer)


def show_example(endpoint: Mapping[str, Any], ui: Ui) -> None:
    """Show the `curl` line of an endpoint's example, if its model has one, and what it answers.

    An endpoint without pods is not asked: that would start one.

    Raises:
        NotServing: as `predict`, but for a model that takes other inputs, which is said.
    """
    request = example_request(endpoint["model"])
    if request is None:
        return
    url = infer_url(endpoint)
    ui.line(f"\n{curl_line(url, request)}")
    if endpoint["state"] in WITHOUT_PODS:
        ui.line("not asked, as it has no pod: a request starts one")
        return
    try:
        with client_trace.traceparent("mlops up", sampled=False) as header:
            ui.line(json.dumps(predict(url, request, header, TIMEOUT_SECONDS)))
    except RequestRefused as error:
        # The release log may name a version that was trained on other features.
        ui.line(f"The version that is served does not take the reference model's row:\n{error}")


def example_request(model: str) -> dict[str, Any] | None:
    """A real row for the models that this repository trains; None for any other."""
    if model != "mortgage":
        return None
    from mlops_pipelines.mortgage import example_request as mortgage

    return dict(mortgage())
