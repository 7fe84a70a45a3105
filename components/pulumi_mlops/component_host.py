"""Offers every component to programs in other languages: a Pulumi component provider called `mlops`.

The folder `components/` of the checkout is such a plugin; any folder with a `PulumiPlugin.yaml` and a
`__main__.py` that calls `serve` is one too, where this package is installed.
"""

import sys
from importlib import metadata
from typing import Any

import pulumi
from pulumi.provider import main
from pulumi.provider.experimental.analyzer import PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider

import pulumi_mlops as mlops
from pulumi_mlops.aws.budget import Budget
from pulumi_mlops.aws.ci_role import CiRole
from pulumi_mlops.aws.cloud_alarms import CloudAlarms
from pulumi_mlops.aws.ecr_registry import EcrRegistry
from pulumi_mlops.aws.edge import Edge
from pulumi_mlops.aws.eks_cluster import EksCluster
from pulumi_mlops.aws.hosted_zone import HostedZone
from pulumi_mlops.aws.keys import EncryptionKey
from pulumi_mlops.aws.load_balancer_controller import LoadBalancerController
from pulumi_mlops.aws.network import Network
from pulumi_mlops.aws.permissions_boundary import PermissionsBoundary
from pulumi_mlops.aws.rds_database import RdsDatabase
from pulumi_mlops.aws.s3_object_store import S3ObjectStore
from pulumi_mlops.aws.service_role import ServiceRole
from pulumi_mlops.aws.web_acl import WebAcl

PACKAGE = "mlops"
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    mlops.AdoptedMonitoring,
    Budget,
    CiRole,
    CloudAlarms,
    mlops.Cluster,
    mlops.Database,
    EcrRegistry,
    Edge,
    EksCluster,
    EncryptionKey,
    mlops.GrafanaDashboards,
    mlops.GuardedNamespace,
    HostedZone,
    mlops.ImageRegistry,
    mlops.Keda,
    LoadBalancerController,
    mlops.ModelEndpoint,
    mlops.ModelRegistry,
    mlops.Monitoring,
    Network,
    mlops.ObjectStore,
    PermissionsBoundary,
    mlops.Pipeline,
    mlops.Platform,
    RdsDatabase,
    mlops.Remediation,
    S3ObjectStore,
    ServiceRole,
    WebAcl,
]


class Host(ComponentProvider):
    """The SDK's component provider, with integers left to the components.

    The SDK calls `int` on an integer input, which fails for one that another resource gives; `inputs.whole`
    takes both. The schema has been made by then and still says `integer`.
    """

    def __init__(self) -> None:
        super().__init__(COMPONENTS, PACKAGE, version=version())
        for definition in [*self._component_defs.values()]:
            _leave_integers(definition.inputs.values())
        for kind in self._type_defs.values():
            _leave_integers(kind.properties.values())


def version() -> str:
    """The version of this package, which is the plugin's too."""
    return metadata.version("pulumi-mlops")


def serve() -> None:
    """Answer the engine that started this process until it goes away."""
    main(Host(), sys.argv[1:])


def _leave_integers(properties: Any) -> None:
    definition: PropertyDefinition
    for definition in properties:
        if definition.type is PropertyType.INTEGER:
            definition.type = PropertyType.NUMBER
