"""`python3 -m mlops_serving`: the model server, configured by environment variables.

Exit codes: 0 after a drain, 1 when the model can never be served, 2 for wrong settings.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import NoReturn

from mlops_serving.errors import ServingError, SettingsError
from mlops_serving.logs import log, set_up
from mlops_serving.server import serve
from mlops_serving.settings import read_settings
from mlops_serving.store import Store, store_settings


def main() -> int:
    """Read the settings, serve, and say on stderr why if that ends badly."""
    set_up("info")
    try:
        settings = read_settings(os.environ)
        store = Store(store_settings(os.environ))
        set_up(settings.log_level)
        asyncio.run(serve(settings, store))
    except SettingsError as error:
        log.error(str(error))
        return 2
    except (ServingError, OSError) as error:
        log.error(str(error))
        return 1
    return 0


def leave(code: int) -> NoReturn:
    """End the process at once, with the log flushed.

    An interpreter that winds down stops its threads in the middle of the Rust code of the HTTP server
    and the store's client, which aborts the process now and then.
    """
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
