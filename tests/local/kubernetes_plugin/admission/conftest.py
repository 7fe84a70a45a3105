"""An API server that asks every rule that it can: it warns in one namespace and refuses in another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from admission_server import AdmissionServer, Object, as_object, named, with_pod_of
from mlops_local.kubernetes_plugin import kubeconfig
from mlops_policy.admission.documents import policies
from mlops_policy.catalog import RULES
from mlops_policy.testing import changed
from policy_samples import deployment
from pulumi_mlops.guarded_namespace import pod_security_labels

WARNED, DENIED, FREE, RESTRICTED = "judged-warned", "judged-denied", "judged-free", "judged-restricted"
NEW = "judged-new"
"""Warned of too, and there is none."""


@pytest.fixture(scope="session")
def server(api_server: Path) -> Iterator[AdmissionServer]:
    made = AdmissionServer(kubeconfig.load(str(api_server)))
    for name in (WARNED, DENIED, FREE, RESTRICTED):
        labels = pod_security_labels() if name == RESTRICTED else {}
        made.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    made.make(escalating("older", DENIED))
    for policy in policies(RULES):
        made.bind(f"warned-{policy['name']}", policy["spec"], "warn", [WARNED, NEW])
        made.bind(f"denied-{policy['name']}", policy["spec"], "deny", [DENIED])
    for namespace in (WARNED, DENIED):
        bad = escalating("sample", namespace)
        for kind in ("Deployment", "Pod", "CronJob"):
            body = bad if kind == "Deployment" else with_pod_of(bad, kind)
            made.until(lambda body=body, namespace=namespace: named(made.offer(namespace, body)))  # type: ignore[misc]
    yield made
    made.close()


def escalating(name: str, namespace: str) -> Object:
    """A Deployment that breaks one rule, `pod-no-escalation`."""
    at = "spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation"
    made = as_object(changed(deployment(), at, True), namespace)
    made["metadata"]["name"] = name
    return made
