"""Offers every component to programs in other languages: a Pulumi component provider called `mlops`.

The folder `components/` of the checkout is such a plugin; any folder with a `PulumiPlugin.yaml` and a
`__main__.py` that calls `serve` is one too, where this package is installed.
"""

import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.analyzer import PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

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
    """The SDK's component provider, made to tell what is wrong with an argument.

    Integers are left to the components: the SDK calls `int` on each, which fails for one that another
    resource gives, while `inputs.whole` takes both. The schema is made before that and says `integer`.
    """

    def __init__(self) -> None:
        super().__init__(COMPONENTS, PACKAGE, version=version())
        for definition in self._component_defs.values():
            _leave_integers(definition.inputs.values())
        for kind in self._type_defs.values():
            _leave_integers(kind.properties.values())

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Make one component; an argument that it refuses is reported by its path, without a traceback."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.InputPropertyError):
                raise error.inner from error
            raise

    def map_input_properties(
        self,
        inputs: Any,
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> Any:
        """Rename one object's keys to Python's.

        Raises `pulumi.InputPropertyError` for a whole object that is an output: its keys decide what is
        registered, and the SDK takes it for an empty one.
        """
        for key, definition in properties.items():
            if _has_keys(definition) and isinstance(inputs.get(key), pulumi.Output):
                path = f"{property_path}.{key}" if property_path else key
                raise pulumi.InputPropertyError(
                    path,
                    "this is an output or a secret as a whole; write it out here, "
                    "with outputs and secrets for the values in it",
                )
        return super().map_input_properties(inputs, properties, mapping, component_name, property_path)


def version() -> str:
    """The version of this package, which is the plugin's too."""
    return metadata.version("pulumi-mlops")


def serve() -> None:
    """Answer the engine that started this process until it goes away."""
    main(Host(), sys.argv[1:])


def _has_keys(definition: PropertyDefinition) -> bool:
    """True for an object with keys of the schema, and for a list of such objects."""
    kinds = (definition, definition.items)
    return any(kind is not None and (kind.ref or "").startswith("#/types/") for kind in kinds)


def _leave_integers(properties: Iterable[PropertyDefinition]) -> None:
    for definition in properties:
        if definition.type is PropertyType.INTEGER:
            definition.type = PropertyType.NUMBER
