"""`python3 -m mlops_serving`, also as `mlops-serving`: the model server, and its commands for a laptop.

Without arguments it is the server of the container, configured by environment variables. Exit codes: 0
after a drain, 1 when the model can never be served, 2 for wrong settings or arguments.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mlops_serving.errors import ServingError, SettingsError
from mlops_serving.logs import log, set_up


def main(arguments: Sequence[str]) -> int:
    """Read the settings, serve, and say on stderr why if that ends badly."""
    set_up("info")
    try:
        return _run(arguments)
    except SettingsError as error:
        log.error(str(error))
        return 2
    except (ServingError, OSError) as error:
        log.error(str(error))
        return 1


def _run(arguments: Sequence[str]) -> int:
    if arguments == ["gate"]:
        return _gate()
    if arguments and arguments[0] != "worker":
        from mlops_serving.commands import run

        return run(arguments)
    from mlops_serving.settings import read_settings

    settings = read_settings(os.environ)
    set_up(settings.log_level, settings.log_format)
    if not arguments:
        from mlops_serving.supervisor import supervise

        return supervise(settings)
    import uvloop

    from mlops_serving.worker import work

    _, number, *segments = arguments
    uvloop.run(work(settings, int(number), list(map(int, segments))))
    return 0


def _gate() -> int:
    """Hold the requests of an endpoint that scales to zero, as MLOPS_GATE_ variables say."""
    import uvloop

    from mlops_serving.gate.process import run
    from mlops_serving.gate.settings import read_gate_settings

    settings = read_gate_settings(os.environ)
    set_up(settings.log_level)
    uvloop.run(run(settings))
    return 0


def leave(code: int) -> NoReturn:
    """End the process at once, with the log flushed.

    An interpreter that winds down stops its threads in the middle of the Rust code of the HTTP server
    and the store's client, which aborts the process now and then.
    """
    sys.stdout.flush()
    logging.shutdown()
    os._exit(code)


def console() -> NoReturn:
    """Entry of the script `mlops-serving`."""
    leave(main(sys.argv[1:]))


if __name__ == "__main__":
    console()
