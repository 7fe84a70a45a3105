"""The pack: all rules, started as a plugin of the engine."""

from __future__ import annotations

import datetime
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent import futures
from importlib import metadata
from typing import Any

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from mlops_policy.analyzer import Analyzer
from mlops_policy.catalog import RULES
from mlops_policy.errors import BadConfig
from mlops_policy.rules import LocalConfig, ProductionConfig, Rule, RuleConfig

NAME = "mlops"
_PARENT_CHECK_SECONDS = 1.0
_MESSAGE_BYTES = 400 * 1024 * 1024
"""What Pulumi's own packs take: a stack's state is one message."""


def serve(rules: Sequence[Rule] = RULES, name: str = NAME) -> None:
    """Judge by `rules` until the engine ends; called by a pack's `__main__.py`, never on import.

    The stack's configuration gives what a rule is configured with unless the pack's configuration says so.
    """
    settings = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    try:
        analyzer = Analyzer(
            name,
            metadata.version("mlops-policy"),
            rules,
            initial=from_stack(settings, rules),
            preview=os.environ.get("PULUMI_DRY_RUN") != "false",
            today=datetime.datetime.now(datetime.UTC).date(),
        )
    except BadConfig as error:
        sys.exit(f"mlops:policy: {error}")
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


def from_stack(config: Mapping[str, str], rules: Sequence[Rule]) -> dict[str, dict[str, Any]]:
    """The rules' configuration in a stack's own: `mlops:policy`, and what its other sections tell.

    They tell whether it is production (`mlops:aws.production`; the node of `mlops:cluster.maker` local-node
    is not) and whether its nodes are one machine's own.

    Args:
        config: by full key, sections as JSON, as the engine hands it to plugins.
    """
    given: dict[str, dict[str, Any]] = json.loads(config.get("mlops:policy") or "{}")
    ground = json.loads(config.get("mlops:aws") or "{}")
    local = json.loads(config.get("mlops:cluster") or "{}").get("maker") == "local-node"
    told: dict[type[RuleConfig], dict[str, Any]] = {LocalConfig: {"localNode": True}} if local else {}
    if local or ground:
        told[ProductionConfig] = {"production": ground.get("production", False)}
    for rule in rules:
        for kind, values in told.items():
            if issubclass(rule.config, kind):
                given[rule.name] = {**values, **given.get(rule.name, {})}
    return given
