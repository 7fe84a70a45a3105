"""`python3 -m mlops_serving`: the model server, configured by environment variables.

Exit codes: 0 after a drain, 1 when the model can never be served, 2 for wrong settings.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mlops_serving.errors import ServingError, SettingsError
from mlops_serving.logs import log, set_up
from mlops_serving.settings import read_settings


def main(arguments: Sequence[str]) -> int:
    """Read the settings, serve, and say on stderr why if that ends badly."""
    set_up("info")
    try:
        settings = read_settings(os.environ)
        set_up(settings.log_level)
        match arguments:
            case []:
                from mlops_serving.supervisor import supervise

                return supervise(settings)
            case ["worker", number, *segments]:
                from mlops_serving.worker import work

                asyncio.run(work(settings, int(number), list(map(int, segments))))
            case _:
                raise SettingsError("the model server takes no arguments; it is set by MLOPS_ variables")
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
    leave(main(sys.argv[1:]))
