"""What a gate itself answers where no pod does."""

from __future__ import annotations

from mlops_serving.errors import Overloaded, RequestError, Unavailable


class QueueFull(Overloaded):
    """As many requests as may wait for a pod wait already."""

    retry_after = 5


class NoPod(Unavailable):
    """No pod came in time."""

    kind = "no_pod"
    retry_after = 10


class PodBroke(RequestError):
    """The pod went away while it had the request, which may have been computed."""

    status = 502
    kind = "broken"


class PodSilent(RequestError):
    """The pod has the request and says nothing."""

    status = 504
    kind = "timeout"
