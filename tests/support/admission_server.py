"""A real API server with admission policies: what it says of objects that are never stored."""

from __future__ import annotations

import copy
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from mlops_local.kubernetes_plugin.kubeconfig import Access
from mlops_policy.resources import Resource

GROUP = "/apis/admissionregistration.k8s.io/v1"
POLICY = "ValidatingAdmissionPolicy"
EFFECTIVE_SECONDS = 20
Object = dict[str, Any]


class AdmissionServer:
    """Asks an API server as an administrator."""

    def __init__(self, access: Access) -> None:
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        headers = {"Authorization": f"Bearer {access.token}"}
        self.http = httpx.Client(base_url=access.server, headers=headers, verify=trust, trust_env=False)

    def make(self, path: str, body: Object) -> None:
        """Create an object for good."""
        answer = self.http.post(path, json=body)
        assert answer.status_code == 201, answer.text

    def offer(self, namespace: str, body: Object) -> httpx.Response:
        """What the server answers to the creation of an object, which it does not store."""
        return self.http.post(collection(namespace, body), json=body, params={"dryRun": "All"})

    def until(self, namespace: str, body: Object, rules: Iterable[str]) -> None:
        """Return when the server names these rules for an object: it takes up policies after a while."""
        wanted = set(rules)
        deadline = time.monotonic() + EFFECTIVE_SECONDS
        while (found := named(self.offer(namespace, body))) != wanted:
            assert time.monotonic() < deadline, f"{found} after {EFFECTIVE_SECONDS} s, not {wanted}"
            time.sleep(0.1)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def collection(namespace: str, body: Mapping[str, Any]) -> str:
    """The path that objects of a kind are created at."""
    version, kind = body["apiVersion"], body["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return f"/{'apis' if '/' in version else 'api'}/{version}/namespaces/{namespace}/{plural}"


def named(answer: httpx.Response) -> set[str]:
    """The rules that an answer names, in its warnings or as the reason of a refusal."""
    said = [*warnings(answer)]
    if answer.status_code == 403 or (answer.status_code == 422 and POLICY in answer.text):
        said.append(answer.json()["message"])
    return {text.split("': ")[1].split(":")[0] if "': " in text else "" for text in map(_after, said) if text}


def warnings(answer: httpx.Response) -> list[str]:
    """The warnings of an answer about admission policies."""
    return [text for text in answer.headers.get_list("warning") if POLICY in text]


def _after(text: str) -> str:
    return text.partition(" with binding ")[2]


def as_object(resource: Resource) -> Object:
    """A resource as an object of Kubernetes that the server takes: with what it insists on added."""
    _, version, kind = resource.type.split(":")
    found = copy.deepcopy(dict(resource.props))
    found |= {"apiVersion": version.removeprefix("core/").replace("*", "v1"), "kind": kind}
    found["metadata"] = {"name": "sample", **found.get("metadata", {})}
    found["metadata"].pop("namespace", None)
    if template := _template(found):
        _complete_pod(template.get("spec"))
        if kind not in ("Pod", "Job", "CronJob"):
            labels = {"app": "sample"} | template.get("metadata", {}).get("labels", {})
            template["metadata"] = {**template.get("metadata", {}), "labels": labels}
            found["spec"].setdefault("selector", {"matchLabels": labels})
        if kind in ("Job", "CronJob"):
            template["spec"].setdefault("restartPolicy", "Never")
    return found


def _template(found: Object) -> Object | None:
    if found["kind"] == "Pod":
        return found
    spec = found.get("spec") or {}
    if found["kind"] == "CronJob":
        spec.setdefault("schedule", "@daily")
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if isinstance(spec, dict) else None


def _complete_pod(pod: Any) -> None:
    for key in ("containers", "initContainers"):
        for number, each in enumerate(pod.get(key) or ()):
            each.setdefault("name", f"{key}-{number}".lower())
            each.setdefault("image", "example.invalid/image:1")
