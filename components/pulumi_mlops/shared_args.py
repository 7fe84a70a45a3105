"""Argument types that several components take. Data only; no future annotations, Pulumi reads them."""

from typing import NotRequired, TypedDict

import pulumi


class FlowArgs(TypedDict):
    """One allowed network flow: the other end, and the TCP port that is opened."""

    name: str
    """What the flow is for, such as `predictions from the web shop`."""
    port: pulumi.Input[int]
    """TCP port at the receiving end."""
    namespace: NotRequired[pulumi.Input[str]]
    """Namespace of the other end; without it and `cidr`, the component's own."""
    pods: NotRequired[pulumi.Input[dict[str, pulumi.Input[str]]]]
    """Labels of the pods at the other end; without it, every pod of the namespace."""
    cidr: NotRequired[pulumi.Input[str]]
    """Addresses of the other end, for one outside the cluster; excludes `namespace` and `pods`."""


class ResourcesArgs(TypedDict, total=False):
    """What one pod may use. There is no CPU limit: it would throttle answers and free nothing."""

    cpu: pulumi.Input[str]
    """CPU request, such as `100m`."""
    memory: pulumi.Input[str]
    """Memory request, such as `256Mi`."""
    memory_limit: pulumi.Input[str]
    """Memory limit, such as `512Mi`; a pod over it is killed."""


class StoreAccessArgs(TypedDict):
    """How to reach an S3 object store, with a key that may do just enough, or as who the pod is."""

    url: pulumi.Input[str]
    """Endpoint, such as `http://object-store.mlops-system.svc:7070`."""
    access_key_id: NotRequired[pulumi.Input[str]]
    """Access key id. Without it and the secret key, pods show the identity of their service account, which
    EKS Pod Identity or another provider of container credentials hands them."""
    secret_access_key: NotRequired[pulumi.Input[str]]
    """Secret key; kept a secret in the state."""
    bucket: NotRequired[pulumi.Input[str]]
    """Bucket of the model artifacts; `models` by default."""
    data_bucket: NotRequired[pulumi.Input[str]]
    """Bucket of data sets and MLflow's files; `data` by default."""
    requests_bucket: NotRequired[pulumi.Input[str]]
    """Bucket of the request log; `requests` by default."""
    region: NotRequired[pulumi.Input[str]]
    """Region to sign requests for; `us-east-1` by default."""
