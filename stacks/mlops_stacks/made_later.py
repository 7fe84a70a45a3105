"""Values that are not there at an environment's first preview, because a later step makes them."""

import asyncio
from typing import Any

import pulumi
from pulumi.runtime import rpc

from mlops_stacks.errors import SettingsError


def made_later(missing: str) -> pulumi.Output[Any]:
    """A value that a preview shows as unknown.

    Raises:
        SettingsError: with the text `missing`, in an update: there it must be known.
    """
    if not pulumi.runtime.is_dry_run():
        raise SettingsError(missing)
    loop = asyncio.get_running_loop()
    value: asyncio.Future[Any] = loop.create_future()
    value.set_result(rpc.UNKNOWN)
    known: asyncio.Future[bool] = loop.create_future()
    known.set_result(False)
    return pulumi.Output(set(), value, known)
