"""The real API server says of every sample what the rules say of it."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from admission_server import GROUP, AdmissionServer, as_object, named
from mlops_local.kubernetes_plugin import kubeconfig
from mlops_policy.admission.documents import policies, why_not
from mlops_policy.catalog import RULES
from mlops_policy.judging import Judge, configured
from mlops_policy.resources import Resource
from mlops_policy.testing import changed
from mlops_policy.views import MISSING
from policy_samples import deployment

pytestmark = pytest.mark.cluster
SAID = [rule for rule in RULES if not why_not(rule)]


@pytest.fixture(scope="module")
def server(api_server: Path) -> Iterator[AdmissionServer]:
    made = AdmissionServer(kubeconfig.load(str(api_server)))
    yield made
    made.close()


def test_probe(server, namespace):
    for policy in policies(RULES):
        name = f"{namespace}-{policy['name']}"
        server.make(f"{GROUP}/validatingadmissionpolicies", {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": policy["spec"]})
        server.make(f"{GROUP}/validatingadmissionpolicybindings", {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Warn", "Audit"], "matchResources": {"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": [namespace]}]}}}})
    good = deployment()
    bad = changed(good, "spec.template.spec.containers[0].securityContext", {})
    import time
    for _ in range(40):
        a = server.offer(namespace, as_object(bad))
        print(a.status_code, a.headers.get_list("warning"))
        if a.headers.get_list("warning"): break
        time.sleep(0.3)
    a = server.offer(namespace, as_object(good))
    print(a.status_code, a.headers.get_list("warning"), a.text[:300])
    print(named(server.offer(namespace, as_object(bad))))
    assert 0
