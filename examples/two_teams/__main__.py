"""Two teams on one platform: each has a namespace with walls, rights in it alone, and an endpoint.

Configuration: `platform` (the platform's stack), `image` (the model server, by digest), `storeKeyId` and
`storeSecretKey` (a key that may read the model store).
"""

import pulumi

from pulumi_mlops import Cluster, GuardedNamespace, ModelEndpoint

config = pulumi.Config()
platform = pulumi.StackReference(config.require("platform"))
registry = platform.require_output("imageRegistry")
cluster = Cluster(
    "cluster", {"kubeconfig": platform.require_output("kubeconfig"), "image_registry": registry}
)
on_cluster = pulumi.ResourceOptions(providers=[cluster.provider])

for team in ("red", "blue"):
    space = GuardedNamespace(
        f"team-{team}",
        {
            "deployer": "deployer",
            "members": [f"{team}-engineers"],
            "max_pods": 4,
            "max_cpu": "1",
            "max_memory": "2Gi",
            # What the platform built, and what the team pushed under its own name.
            "image_prefixes": [
                pulumi.Output.concat(registry, "/mlops/"),
                pulumi.Output.concat(registry, f"/{team}/"),
            ],
        },
        on_cluster,
    )
    endpoint = ModelEndpoint(
        f"{team}-mortgage",
        {
            "namespace": space.namespace,
            "object_name": "mortgage",
            "image": config.require("image"),
            "model": "mortgage",
            "version": "1",
            "store": {
                "url": "http://object-store.mlops-system.svc:7070",
                "access_key_id": config.require("storeKeyId"),
                "secret_access_key": config.require_secret("storeSecretKey"),
            },
            "allowed_ingress": [{"name": "the team's own pods", "port": 8080}],
            "allowed_egress": [{"name": "object store", "port": 7070, "namespace": "mlops-system"}],
            "max_replicas": 2,
        },
        on_cluster,
    )
    pulumi.export(f"{team}Url", endpoint.url)
