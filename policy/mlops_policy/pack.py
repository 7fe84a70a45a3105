"""The pack: all rules, started as a plugin of the engine."""

from __future__ import annotations

import datetime
import os
import sys
import time
from collections.abc import Sequence
from concurrent import futures
from importlib import metadata

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from mlops_policy.analyzer import Analyzer
from mlops_policy.catalog import RULES
from mlops_policy.rules import Rule

NAME = "mlops"
_PARENT_CHECK_SECONDS = 1.0
_MESSAGE_BYTES = 400 * 1024 * 1024
"""What Pulumi's own packs take: a stack's state is one message."""


def serve(rules: Sequence[Rule] = RULES, name: str = NAME) -> None:
    """Judge by `rules` until the engine ends; called by a pack's `__main__.py`, never on import."""
    today = datetime.datetime.now(datetime.UTC).date()
    analyzer = Analyzer(name, metadata.version("mlops-policy"), rules, today=today)
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(analyzer, server)
    sys.stdout.write(f"{server.add_insecure_port('127.0.0.1:0')}\n")
    server.start()
    sys.stdout.flush()
    engine = os.getppid()
    # An engine that was killed cannot end this process, which then belongs to somebody else.
    while os.getppid() == engine:
        time.sleep(_PARENT_CHECK_SECONDS)
