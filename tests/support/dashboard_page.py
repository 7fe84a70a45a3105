"""The dashboard's server in a thread, over a scripted Prometheus."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_cli.dashboard.hub import Facts, Hub, Source
from mlops_cli.dashboard.server import PageServer, listen
from mlops_cli.errors import NoMonitoring
from mlops_cli.monitoring.prometheus import Prometheus
from mlops_cli.monitoring.reach import Direct
from scripted_prometheus import Script, ScriptedPrometheus
from serving_process import wait_until

RUNBOOKS = {
    path.name: path.read_text()
    for path in sorted((Path(__file__).parents[2] / "docs" / "runbooks").glob("*.md"))
}


def facts(script: Script) -> Facts:
    """Of an environment `local` with the script's endpoints, 100 rows at least for drift."""
    return Facts("local", dict.fromkeys(script.expected, 100), frozenset(RUNBOOKS), 100)


class Page:
    """The server's address, and the Prometheus that it asks unless there is `none`."""

    def __init__(self, prometheus: ScriptedPrometheus, port: int) -> None:
        self.prometheus = prometheus
        self.none = False
        self.origin = f"http://127.0.0.1:{port}"

    def connect(self) -> Source:
        """As `prometheus_of` does."""
        if self.none:
            raise NoMonitoring("mlops:monitoring.mode of 'local' is none: no Prometheus.")
        return Prometheus(Direct("Prometheus", self.prometheus.url), seconds=2)


@contextmanager
def served(script: Script, refresh: float = 0.3) -> Iterator[Page]:
    """A page that renews itself every `refresh` seconds."""
    prometheus = ScriptedPrometheus(script)
    prometheus.start()
    bound = listen(0)
    page = Page(prometheus, bound.getsockname()[1])
    server = PageServer(Hub(page.connect, facts(script), refresh, answer=3.0), RUNBOOKS)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([bound])), daemon=True)
    thread.start()
    wait_until(lambda: server.started, 30)
    try:
        yield page
    finally:
        server.handle_exit(0, None)
        thread.join(10)
        prometheus.stop()
