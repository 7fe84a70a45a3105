"""Appending to an endpoint's release log, to which others append as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mlops_serving import release
from mlops_serving.errors import ObjectMissing, ReleaseConflict
from mlops_serving.store import NotModified, Store

Otherwise = TypeVar("Otherwise")

TRIES = 5
"""Of a release that others are faster than."""


def append_anew(
    store: Store,
    endpoint: str,
    decide: Callable[[release.Release | None], release.Release | Otherwise],
) -> release.Release | Otherwise:
    """Append the record that `decide` wants after the current one (None before the first), and return it.

    Where it wants none, what it says instead is returned. Where somebody was faster, it decides anew.

    Raises:
        ReleaseConflict: others release to this endpoint all the time.
    """
    attempt = 1
    while isinstance(wanted := decide(newest(store, endpoint)), release.Release):
        try:
            release.append(store, wanted)
        except ReleaseConflict:
            # Whoever was faster, or a run that died between the record and `current.json`.
            if attempt == TRIES:
                raise
            attempt += 1
        else:
            break
    return wanted


def newest(store: Store, endpoint: str) -> release.Release | None:
    """The endpoint's current release, None before the first."""
    try:
        found = release.current(store, endpoint)
    except ObjectMissing:
        return None
    return None if isinstance(found, NotModified) else found[0]
