"""A version of the reference model that takes its time: what one pod carries is known, on any machine."""

from __future__ import annotations

from pathlib import Path

from mlops_serving.publish import publish
from mlops_serving.store import Store
from serving_python import make_class

VERSION = "50"
SECONDS = 0.1
"""Of one request; a pod answers one after the other, so it carries ten a second."""
CPU_SECONDS = 0.006
"""Of these spent computing; with the server's own work, a full pod uses about the CPU that it requests."""
BODY = {"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1.0]}]}
SOURCE = f"""
import time

class Double:
    def predict(self, inputs):
        until = time.perf_counter() + {SECONDS}
        working = time.thread_time() + {CPU_SECONDS}
        while time.thread_time() < working:
            pass
        time.sleep(max(0.0, until - time.perf_counter()))
        return {{"y": inputs["x"] * 2}}
"""


def publish_it(store: Store, folder: Path) -> str:
    """Write it to the bucket of models; returns its version."""
    publish(store, folder, make_class(folder, SOURCE, name="mortgage", version=VERSION))
    return VERSION
