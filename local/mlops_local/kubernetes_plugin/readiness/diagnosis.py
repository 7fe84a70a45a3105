"""Why an object is not ready, in lines that a person can act on. Asked for once, when a wait fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlops_local.kubernetes_plugin.errors import ApiError, ClusterUnreachableError
from mlops_local.kubernetes_plugin.readiness.fields import Object, because, name_of, namespace_of
from mlops_local.kubernetes_plugin.readiness.pods import (
    container_problem,
    containers_of,
    is_done,
    note,
    problems,
)
from mlops_local.kubernetes_plugin.readiness.related import Client, Related, warnings

PODS_SHOWN = 3
EVENTS_SHOWN = 3
LOG_LINES = 10


def explained(client: Client, live: Object, related: Related, first: Sequence[str]) -> list[str]:
    """`first`, then what the pods, the events and the logs say; no line twice.

    A cluster that stops answering meanwhile must not hide the error that is being explained.
    """
    unready = [pod for pod in related.pods if not is_done(pod)][-PODS_SHOWN:]
    lines = list(first)
    try:
        for line in _findings(client, live, related, unready):
            if not any(line in known for known in lines):
                lines.append(line)
    except (ApiError, ClusterUnreachableError) as error:
        lines.append(f"no further details: {error}")
    return lines


def _findings(client: Client, live: Object, related: Related, unready: Sequence[Object]) -> Iterator[str]:
    for pod in unready:
        yield from problems(pod) or [note([pod])]
    yield from _events(client, _distinct([live, *related.makers, *unready]))
    for pod in unready:
        yield from _logs(client, pod)


def _distinct(objects: Iterable[Object]) -> Iterator[Object]:
    seen = set()
    for obj in objects:
        uid = obj["metadata"].get("uid")
        if uid not in seen:
            seen.add(uid)
            yield obj


def _events(client: Client, objects: Iterable[Object]) -> Iterator[str]:
    for obj in objects:
        for event in warnings(client, obj)[-EVENTS_SHOWN:]:
            times = f" ({event['count']} times)" if event.get("count", 1) > 1 else ""
            about = event.get("involvedObject") or {}
            title = f"{about.get('kind', 'object')} {about.get('name', name_of(obj))}"
            yield f"event on {title}{times}: {because(event)}"


def _logs(client: Client, pod: Object) -> Iterator[str]:
    for container in containers_of(pod):
        if container_problem(container) is None or not _has_run(container):
            continue
        name = str(container["name"])
        text = client.log_tail(str(namespace_of(pod)), name_of(pod), name, LOG_LINES).rstrip()
        if text:
            indented = "\n".join(f"    {line}" for line in text.splitlines()[-LOG_LINES:])
            yield f"last log lines of pod {name_of(pod)}, container {name}:\n{indented}"


def _has_run(container: Object) -> bool:
    """Without a run there is no log to ask for."""
    return bool(container.get("restartCount") or (container.get("state") or {}).get("terminated"))
