"""Which kind waits for what. A kind that is not here is ready as soon as it is accepted.

HorizontalPodAutoscalers are among those: they work only once metrics arrive, long after `up`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlops_local.kubernetes_plugin.readiness import jobs, networks, others, pods, related, workloads
from mlops_local.kubernetes_plugin.readiness.fields import Object, group_of
from mlops_local.kubernetes_plugin.readiness.related import Client, Related
from mlops_local.kubernetes_plugin.readiness.states import READY, State
from mlops_local.kubernetes_plugin.readiness.wait_for import own_rule


@dataclass(frozen=True)
class Rule:
    """How a kind is judged: `read` what else it takes, then `judge`."""

    judge: Callable[[Object, Related], State]
    read: Callable[[Client, Object], Related] = related.of_nothing


RULES = {
    ("apps", "Deployment"): Rule(workloads.state_of_deployment, related.of_deployment),
    ("apps", "StatefulSet"): Rule(workloads.state_of_stateful_set, related.of_owner),
    ("apps", "DaemonSet"): Rule(workloads.state_of_daemon_set, related.of_daemon_set),
    ("batch", "Job"): Rule(jobs.state_of_job, related.of_owner),
    ("", "Pod"): Rule(pods.state_of_pod, related.of_pod),
    ("", "Service"): Rule(networks.state_of_service, related.of_service),
    ("networking.k8s.io", "Ingress"): Rule(networks.state_of_ingress, related.of_ingress),
    ("", "PersistentVolumeClaim"): Rule(others.state_of_claim, related.of_claim),
    ("", "Namespace"): Rule(others.state_of_namespace),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): Rule(others.state_of_definition),
}
AT_ONCE = Rule(lambda obj, related: READY)


def rule_of(obj: Object) -> Rule:
    """The rule of the object's kind, or of its annotation `pulumi.com/waitFor`.

    Raises:
        PluginError: the annotation cannot be read.
    """
    rule = RULES.get((group_of(obj), str(obj["kind"])), AT_ONCE)
    own = own_rule(obj)
    return rule if own is None else Rule(lambda live, _: own(live), rule.read)
