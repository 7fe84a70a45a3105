"""An environment on AWS: its ground, its cluster and stores, and the platform on them."""

import pulumi
from pulumi_mlops.aws.ecr_registry import EcrRegistry
from pulumi_mlops.aws.eks_cluster import EksCluster as Cluster
from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.s3_object_store import S3ObjectStore

from mlops_stacks import aws_args, aws_ground, aws_roles
from mlops_stacks.aws_settings import AwsSettings, EksCluster
from mlops_stacks.settings import NAMESPACE, Settings
from pulumi_mlops import Platform


def register(settings: Settings, given: AwsSettings, wanted: EksCluster) -> Platform:
    """Register all that the settings of an environment on AWS describe."""
    ground = aws_ground.lay(given, pulumi.get_stack(), wanted.name)
    network = Network(
        f"{NAMESPACE}-network",
        aws_args.network(given, wanted, ground.args, ground.log_key),
        ground.options,
    )
    cluster = Cluster(
        f"{NAMESPACE}-eks",
        aws_args.cluster(
            given,
            wanted,
            ground.args,
            ground.cluster_key,
            network.private_subnet_ids,
            _admin_role(wanted, ground),
        ),
        ground.options,
    )
    registry = EcrRegistry(
        f"{NAMESPACE}-registry",
        aws_args.image_registry(given, ground.args, ground.data_key, _image_names()),
        ground.options,
    )
    store = S3ObjectStore(
        f"{NAMESPACE}-store", aws_args.object_store(given, ground.args, ground.data_key), ground.options
    )
    database = _database(given, ground, network, cluster)
    roles = aws_roles.register(settings, ground.args, wanted.name, store, database, ground.options)
