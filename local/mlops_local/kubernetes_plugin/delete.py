"""Deletes an object and waits until it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from mlops_local.kubernetes_plugin.client import ApiClient
from mlops_local.kubernetes_plugin.errors import ApiError, InputError, NotGoneError, WaitCancelledError
from mlops_local.kubernetes_plugin.names import annotation, is_true

PROPAGATION = "pulumi.com/deletionPropagationPolicy"
SKIP = "pulumi.com/skipAwait"
POLICIES = {"foreground": "Foreground", "background": "Background", "orphan": "Orphan"}
FIRST_PAUSE_SECONDS = 0.05
LAST_PAUSE_SECONDS = 1.0

Log = Callable[[str], None]


def propagation(declared: Mapping[str, Any]) -> str:
    """The propagation policy that an object asks for; foreground unless it says otherwise.

    Raises:
        InputError: the annotation names no policy.
    """
    given = annotation(declared, PROPAGATION) or "foreground"
    if given.lower() not in POLICIES:
        raise InputError("metadata.annotations", f"{PROPAGATION}: {given!r} is none of {', '.join(POLICIES)}")
    return POLICIES[given.lower()]


def delete(
    client: ApiClient,
    path: str,
    declared: Mapping[str, Any],
    seconds: float,
    log: Log,
    cancelled: Callable[[], bool],
) -> None:
    """Delete the object at `path` and wait for its end; one that is gone already is fine.

    Raises:
        NotGoneError: it is still there when time is up.
        WaitCancelledError: the engine cancelled meanwhile.
        ApiError: the API server refused.
    """
    try:
        answer = client.delete(path, propagation(declared))
    except ApiError as error:
        if error.code == 404:
            return
        raise
    if not is_true(declared, SKIP):
        wait_until_gone(client, path, uid_of(answer), seconds, log, cancelled)


def uid_of(answer: Mapping[str, Any]) -> str | None:
    """The deleted object's uid: the API server answers with the object, or with a Status naming it."""
    uid = answer.get("metadata", {}).get("uid") or answer.get("details", {}).get("uid")
    return str(uid) if uid else None


def wait_until_gone(
    client: ApiClient, path: str, uid: str | None, seconds: float, log: Log, cancelled: Callable[[], bool]
) -> None:
    """Return when the object is no longer there, or another one has its name."""
    deadline, pause, said = time.monotonic() + seconds, FIRST_PAUSE_SECONDS, ""
    while True:
        live = client.get(path)
        if live is None or (uid is not None and live["metadata"]["uid"] != uid):
            return
        if cancelled():
            raise WaitCancelledError(
                "cancelled while waiting for the object's end; it is still being deleted"
            )
        text = what_holds(live)
        if time.monotonic() >= deadline:
            raise NotGoneError(f"still there after {seconds:g} s: {text}")
        if text != said:
            log(text)
            said = text
        time.sleep(pause)
        pause = min(pause * 1.5, LAST_PAUSE_SECONDS)


def what_holds(live: Mapping[str, Any]) -> str:
    """What keeps an object that is being deleted."""
    for entry in live.get("status", {}).get("conditions") or ():
        if entry.get("status") == "True" and str(entry.get("type", "")).startswith("Namespace"):
            return f"{entry['type']}: {entry.get('message', '')}"
    finalizers = [*live["metadata"].get("finalizers", ()), *live.get("spec", {}).get("finalizers", ())]
    if finalizers:
        return f"waiting for finalizers {', '.join(map(str, finalizers))}"
    return "waiting for the object's end"
