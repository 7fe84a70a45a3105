"""The kubeconfig of an EKS cluster: whom to ask for a token, and no token. Pure."""

import yaml


def text(name: str, endpoint: str, authority: str, region: str, role_arn: str | None = None) -> str:
    """A kubeconfig that asks the `aws` program for a token at each use, the same bytes from run to run.

    Nothing of it is a secret: who may in is decided by the cluster's access entries.

    Args:
        name: the cluster's name, which names the context too.
        endpoint: address of the API server.
        authority: certificate of its authority, in base64.
        role_arn: role to ask as; the caller's own identity without it.
    """
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    if role_arn is not None:
        arguments += ["--role-arn", role_arn]
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": arguments,
            "interactiveMode": "Never",
            "installHint": "Install the AWS command line: it gives the tokens for this cluster.",
        }
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}}
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
        "users": [{"name": name, "user": user}],
    }
    return yaml.safe_dump(document, sort_keys=False, width=10_000)
