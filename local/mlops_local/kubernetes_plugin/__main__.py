"""`python -m mlops_local.kubernetes_plugin <engine address>`: how the engine starts the plugin."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from importlib.metadata import version

from mlops_local.kubernetes_plugin.server import serve


def main() -> None:
    """Serve until the engine is gone. Waits still under way end with the process."""
    parser = argparse.ArgumentParser(description="Pulumi resource plugin for Kubernetes")
    parser.add_argument("engine", help="address of the Pulumi engine")
    known, _ = parser.parse_known_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(known.engine, version("pulumi-kubernetes")))
    os._exit(0)


if __name__ == "__main__":
    main()
