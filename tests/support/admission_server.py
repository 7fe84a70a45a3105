"""A real API server with admission policies: what it says of objects that are never stored."""

from __future__ import annotations

import copy
import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from mlops_local.kubernetes_plugin.kubeconfig import Access
from mlops_policy.resources import Resource
from pulumi_mlops import admission_objects

REGISTRATION = "admissionregistration.k8s.io/v1"
POLICY = "ValidatingAdmissionPolicy"
EFFECTIVE_SECONDS = 20
Object = dict[str, Any]
_SAID = re.compile(r"ValidatingAdmissionPolicy '\S+' with binding '\S+'(?: denied request)?: ([a-z-]+): ")


class AdmissionServer:
    """Asks an API server as an administrator."""

    def __init__(self, access: Access) -> None:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        headers = {"Authorization": f"Bearer {access.token}"}
        self.http = httpx.Client(base_url=access.server, headers=headers, verify=trust, trust_env=False)

    def make(self, body: Object) -> None:
        """Create an object for good."""
        answer = self.http.post(collection(body["metadata"].get("namespace", ""), body), json=body)
        assert answer.status_code == 201, answer.text

    def bind(self, name: str, spec: Object, mode: str, namespaces: Sequence[str]) -> None:
        """Create a policy and what binds it."""
        binding = admission_objects.binding(name, mode, namespaces)
        for kind, made in ((POLICY, spec), (f"{POLICY}Binding", binding)):
            self.make({"apiVersion": REGISTRATION, "kind": kind, "metadata": {"name": name}, "spec": made})

    def policy(self, name: str) -> Object:
        """A policy as the server has it."""
        found: Object = self.http.get(f"/apis/{REGISTRATION}/validatingadmissionpolicies/{name}").json()
        return found

    def offer(self, namespace: str, body: Object) -> httpx.Response:
        """What the server answers to the creation of an object, which it does not store."""
        return self.http.post(collection(namespace, body), json=body, params={"dryRun": "All"})

    def change(self, path: str, patch: Object) -> httpx.Response:
        """What the server answers to a change of an object, which it does not store."""
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        return self.http.patch(path, json=patch, headers=headers, params={"dryRun": "All"})

    def until(self, holds: Callable[[], object]) -> None:
        """Return when something holds: the server takes up new policies after a while."""
        deadline = time.monotonic() + EFFECTIVE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"not so after {EFFECTIVE_SECONDS} s"
            time.sleep(0.1)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def collection(namespace: str, body: Mapping[str, Any]) -> str:
    """The path that objects of a kind are created at."""
    version, kind = body["apiVersion"], body["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    place = f"/namespaces/{namespace}" if namespace and kind != "namespace" else ""
    return f"/{'apis' if '/' in version else 'api'}/{version}{place}/{plural}"


def warnings(answer: httpx.Response) -> list[str]:
    """The warnings of an answer, as they are meant to be read."""
    texts = [text.removeprefix('299 - "').removesuffix('"') for text in answer.headers.get_list("warning")]
    return [re.sub(r"\\(.)", r"\1", text) for text in texts]


def named(answer: httpx.Response) -> set[str]:
    """The rules that an answer names, in its warnings or as the reason of a refusal."""
    refusal = "" if answer.is_success else answer.json()["message"]
    return {match[1] for text in (*warnings(answer), refusal) for match in _SAID.finditer(text)}


def as_object(resource: Resource, namespace: str) -> Object:
    """A resource as an object that the server takes: with what it insists on added."""
    _, version, kind = resource.type.split(":")
    found: Object = copy.deepcopy(dict(resource.props))
    found |= {"apiVersion": version.removeprefix("core/"), "kind": kind}
    found["metadata"] = {**found.get("metadata", {}), "name": "sample", "namespace": namespace}
    if kind in _COMPLETED:
        _COMPLETED[kind](found)
    return found


def as_resource(body: Object) -> Resource:
    """An object of the server as a resource."""
    version = body["apiVersion"] if "/" in body["apiVersion"] else f"core/{body['apiVersion']}"
    props = {key: value for key, value in body.items() if key not in ("apiVersion", "kind")}
    return Resource("urn", f"kubernetes:{version}:{body['kind']}", "sample", props)


def with_pod_of(deployment: Object, kind: str) -> Object:
    """An object of another kind with the pod of a Deployment."""
    template, metadata = deployment["spec"]["template"], deployment["metadata"]
    if kind == "Pod":
        labels = {"labels": template["metadata"]["labels"]}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata | labels, "spec": template["spec"]}
    once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
    version, spec = {
        "StatefulSet": ("apps/v1", {**deployment["spec"], "serviceName": "sample"}),
        "Job": ("batch/v1", {"template": once}),
        "CronJob": ("batch/v1", {"schedule": "@daily", "jobTemplate": {"spec": {"template": once}}}),
        "ReplicationController": ("v1", {"template": template}),
    }.get(kind, ("apps/v1", {key: deployment["spec"][key] for key in ("selector", "template")}))
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _complete_namespace(found: Object) -> None:
    found["metadata"]["name"] = found["metadata"].pop("namespace")


def _complete_service(found: Object) -> None:
    found["spec"]["ports"] = [{"port": 80}]
    found["spec"].pop("loadBalancerSourceRanges", None)


def _complete_role(found: Object) -> None:
    for rule in found["rules"]:
        rule.pop("nonResourceURLs", None)


def _complete_role_binding(found: Object) -> None:
    for subject in found["subjects"]:
        if subject.get("name", "").startswith("system:"):
            subject |= {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "namespace": ""}


def _complete_deployment(found: Object) -> None:
    pod = found["spec"]["template"]["spec"]
    context = pod.get("securityContext", {})
    for each in pod.get("topologySpreadConstraints") or ():
        each |= {"whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}}
    if context.get("windowsOptions", {}).get("hostProcess"):
        pod["hostNetwork"] = True
    if pod.get("hostNetwork"):
        context.pop("sysctls", None)
    for each in pod["containers"]:
        if each.get("securityContext", {}).get("procMount") == "Unmasked":
            pod["hostUsers"] = False
        if each.get("securityContext", {}).get("privileged"):
            each["securityContext"].pop("allowPrivilegeEscalation", None)


_COMPLETED = {
    "Deployment": _complete_deployment,
    "Namespace": _complete_namespace,
    "Role": _complete_role,
    "RoleBinding": _complete_role_binding,
    "Service": _complete_service,
}
"""Fields that the server needs, and those gone that it takes only without others."""
