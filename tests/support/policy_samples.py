"""Resources that meet every rule of the policy pack."""

from __future__ import annotations

from mlops_policy.resources import Resource


def deployment() -> Resource:
    """A Deployment of one hardened container."""
    context = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}
    pod = {"containers": [{"name": "server", "securityContext": context}]}
    return Resource(
        urn="urn:pulumi:test::mlops::kubernetes:apps/v1:Deployment::server",
        type="kubernetes:apps/v1:Deployment",
        name="server",
        props={"metadata": {"name": "server"}, "spec": {"template": {"spec": pod}}},
    )
