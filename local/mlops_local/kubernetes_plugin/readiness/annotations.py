"""What the program says about waiting: annotations `pulumi.com/*` and `customTimeouts`.

https://www.pulumi.com/registry/packages/kubernetes/#annotations
"""

from __future__ import annotations

from mlops_local.kubernetes_plugin.readiness.fields import Object, annotations_of

SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
WAIT_FOR = "pulumi.com/waitFor"
DEFAULT_SECONDS = 600.0
SECONDS = {"PersistentVolumeClaim": 300.0}


def skips(obj: Object) -> bool:
    """True when the program does not want to wait for `obj`."""
    return annotations_of(obj).get(SKIP_AWAIT) == "true"


def default_timeout(kind: str) -> float:
    """Seconds that the official plugin waits for an object of this kind."""
    return SECONDS.get(kind, DEFAULT_SECONDS)


def timeout_seconds(obj: Object, custom: float | None) -> float:
    """Seconds to wait: `customTimeouts`, else the annotation, else the default of the kind.

    As in the official plugin, an annotation that is not a whole number is not regarded.
    """
    if custom:
        return custom
    try:
        return float(int(annotations_of(obj).get(TIMEOUT_SECONDS, "")))
    except ValueError:
        return default_timeout(str(obj.get("kind", "")))
