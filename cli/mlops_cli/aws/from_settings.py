"""What an environment's settings say of it to the commands that talk to AWS. Pure."""

from __future__ import annotations

from mlops_cli.aws.destroy import Target
from mlops_cli.aws.needs import AwsNeeds
from mlops_stacks import cost
from mlops_stacks.aws_settings import AwsSettings, EksCluster


def needs_of(name: str, aws: AwsSettings, cluster: EksCluster) -> AwsNeeds:
    """What the environment needs of an account."""
    pools = cluster.pools.values()
    nodes = cluster.system_nodes
    shapes = cost.load(cost.FILE).shapes
    largest = max((shapes[kind].cpu for kind in nodes.instance_types if kind in shapes), default=2.0)
    most = nodes.most or (nodes.least or 3) + 1
    return AwsNeeds(
        region=aws.region,
        account_id=aws.account_id,
        zones=aws.zone_names,
        instance_types=nodes.instance_types if cluster.mode == "create" else (),
        database_class=aws.database.instance_class if aws.database.mode == "create" else None,
        cluster_name=cluster.name,
        kubernetes_version=cluster.version,
        environment=name,
        vcpus=round(most * largest) + sum(pool.cpu_limit for pool in pools if pool.kind != "gpu"),
        gpus=sum(pool.cpu_limit for pool in pools if pool.kind == "gpu"),
        spot=any(pool.kind == "spot" for pool in pools),
    )


def target_of(name: str, aws: AwsSettings, cluster: EksCluster) -> Target:
    """What is destroyed with the environment; an adopted cluster is not."""
    return Target(name, cluster.name if cluster.mode == "create" else None, aws.production)
