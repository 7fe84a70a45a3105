"""Bring your own cluster and bucket: nothing is made but a namespace and an endpoint.

Configuration: `kubeconfig` (path of a file) and `context`, `imageRegistry`; `storeUrl`, `bucket`,
`storeKeyId` and `storeSecretKey` of an S3 store with a model in it; `image` (the model server, by digest),
`model` and `version`. `storePort` is the port of the store, in any place that the cluster reaches.
"""

from pathlib import Path

import pulumi

from pulumi_mlops import Cluster, GuardedNamespace, ModelEndpoint, ObjectStore, ObjectStoreSource

config = pulumi.Config()
cluster = Cluster(
    "own",
    {
        "kubeconfig": Path(config.require("kubeconfig")).read_text(),
        "context": config.require("context"),
        "image_registry": config.require("imageRegistry"),
    },
)
on_cluster = pulumi.ResourceOptions(providers=[cluster.provider])

store = ObjectStore("own-store", {"source": ObjectStoreSource.ADOPT, "url": config.require("storeUrl")})
space = GuardedNamespace("own-models", {}, on_cluster)
endpoint = ModelEndpoint(
    "scoring",
    {
        "namespace": space.namespace,
        "image": config.require("image"),
        "model": config.require("model"),
        "version": config.require("version"),
        "store": {
            "url": store.url,
            "bucket": config.require("bucket"),
            "access_key_id": config.require("storeKeyId"),
            "secret_access_key": config.require_secret("storeSecretKey"),
        },
        "allowed_egress": [
            {"name": "the store", "port": config.require_int("storePort"), "cidr": "0.0.0.0/0"}
        ],
    },
    on_cluster,
)
pulumi.export("url", endpoint.url)
