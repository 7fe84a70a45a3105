"""A team's own stack: one endpoint in a namespace of its own, on a platform that another stack runs.

Configuration: `platform` (the platform's stack, such as `organization/mlops/local`), `image` (the model
server, by digest), `storeKeyId` and `storeSecretKey` (a key that may read the model store).
"""

import pulumi

from pulumi_mlops import Cluster, GuardedNamespace, ModelEndpoint

config = pulumi.Config()
platform = pulumi.StackReference(config.require("platform"))
cluster = Cluster(
    "cluster",
    {
        "kubeconfig": platform.require_output("kubeconfig"),
        "image_registry": platform.require_output("imageRegistry"),
        "ingress_address": "127.0.0.1",
    },
)
on_cluster = pulumi.ResourceOptions(providers=[cluster.provider])

team = GuardedNamespace("risk-team", {"object_name": "risk-team"}, on_cluster)
endpoint = ModelEndpoint(
    "mortgage",
    {
        "namespace": team.namespace,
        "image": config.require("image"),
        "model": "mortgage",
        "version": "1",
        "store": {
            "url": "http://object-store.mlops-system.svc:7070",
            "access_key_id": config.require("storeKeyId"),
            "secret_access_key": config.require_secret("storeSecretKey"),
        },
        "allowed_egress": [{"name": "object store", "port": 7070, "namespace": "mlops-system"}],
        "max_replicas": 5,
    },
    on_cluster,
)
pulumi.export("url", endpoint.url)
