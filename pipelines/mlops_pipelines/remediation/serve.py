"""The receiver's process: HTTP server, worker, and a stop that loses nothing that was accepted."""

from __future__ import annotations

import signal
from datetime import timedelta

import uvicorn

from mlops_pipelines.remediation.app import application
from mlops_pipelines.remediation.kubernetes import Kubernetes
from mlops_pipelines.remediation.notifications import Incident
from mlops_pipelines.remediation.retrain import retrain
from mlops_pipelines.remediation.rollback import Result, roll_back
from mlops_pipelines.remediation.settings import Action, RemediationSettings, Rule
from mlops_pipelines.remediation.worker import Act, Worker
from mlops_serving import logs
from mlops_serving.store import Store

CONNECTIONS = 64
LONGEST_HEADERS = 16_384
STOP_SECONDS = 5
FINISH_SECONDS = 20.0
"""For what waits in the queue at SIGTERM; the pod's grace period is 30 s."""


def remediate(settings: RemediationSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was accepted."""
    logs.set_up("info")
    worker = Worker(settings.policy, store := Store(settings.store), actions(settings, store))
    server = uvicorn.Server(
        uvicorn.Config(
            application(settings.policy, settings.token.get_secret_value(), worker),
            host=settings.host,
            port=settings.port,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            h11_max_incomplete_event_size=LONGEST_HEADERS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    # uvicorn sends itself the signal again when it has stopped, which would end the worker as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    worker.start()
    server.run()
    worker.stop(FINISH_SECONDS)


def actions(settings: RemediationSettings, store: Store) -> dict[Action, Act]:
    """What each action does."""
    kubernetes = Kubernetes(settings.kubernetes)

    def start(incident: Incident, _: Rule, identity: str, /) -> Result:
        return retrain(kubernetes, settings.jobs, incident, identity)

    def back(incident: Incident, rule: Rule, identity: str, /) -> Result:
        return roll_back(store, incident, identity, timedelta(seconds=rule.within_seconds))

    return {Action.RETRAIN: start, Action.ROLLBACK: back}
