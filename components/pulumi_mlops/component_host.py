"""Offers every component to programs in other languages: a Pulumi component provider called `mlops`.

The folder `components/` of the checkout is such a plugin; any folder with a `PulumiPlugin.yaml` and a
`__main__.py` that calls `serve` is one too, where this package is installed.
"""

import importlib
import json
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, Provider, main
from pulumi.provider.experimental.analyzer import PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

PACKAGE = "mlops"
MODULES: Mapping[str, str] = {
    "AdmissionPolicies": "admission",
    "AdoptedMonitoring": "adopted_monitoring",
    "Budget": "aws.budget",
    "CiRole": "aws.ci_role",
    "CloudAlarms": "aws.cloud_alarms",
    "Cluster": "cluster",
    "Database": "database",
    "EcrRegistry": "aws.ecr_registry",
    "Edge": "aws.edge",
    "EksCluster": "aws.eks_cluster",
    "EncryptionKey": "aws.keys",
    "GrafanaDashboards": "grafana_dashboards",
    "GuardedNamespace": "guarded_namespace",
    "HostedZone": "aws.hosted_zone",
    "ImageRegistry": "image_registry",
    "Keda": "keda",
    "LoadBalancerController": "aws.load_balancer_controller",
    "ModelEndpoint": "model_endpoint",
    "ModelRegistry": "model_registry",
    "Monitoring": "monitoring",
    "Network": "aws.network",
    "ObjectStore": "object_store",
    "PermissionsBoundary": "aws.permissions_boundary",
    "Pipeline": "pipeline",
    "Platform": "platform",
    "RdsDatabase": "aws.rds_database",
    "Remediation": "remediation",
    "S3ObjectStore": "aws.s3_object_store",
    "ServiceRole": "aws.service_role",
    "WebAcl": "aws.web_acl",
}
"""Where each component is; only those that a program uses are imported."""


class Host(Provider):
    """Constructs components on demand, over the schema that lies beside this file.

    The SDK's own host imports and analyses every component before it answers, which takes most of the time
    that a program waits for it.
    """

    def __init__(self) -> None:
        super().__init__(version(), resources.files("pulumi_mlops").joinpath("schema.json").read_text())
        self._makers: dict[str, Maker] = {}

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Make one component.

        Raises `pulumi.InputPropertyError` for an argument that it refuses, ValueError for an unknown type.
        """
        component = component_of(resource_type)
        if component not in self._makers:
            self._makers[component] = Maker([component])
        try:
            return self._makers[component].construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.InputPropertyError):
                raise error.inner from error
            raise


class Maker(ComponentProvider):
    """The SDK's component provider for some of the components, without two of its ways with arguments.

    It calls `int` on each integer, which fails for one that another resource gives; `inputs.whole` takes
    both. It takes a whole object that is an output for an empty one; that is refused here.
    """

    def __init__(self, components: Iterable[str]) -> None:
        super().__init__([load(component) for component in components], PACKAGE, version=version())
        for definition in self._component_defs.values():
            _leave_integers(definition.inputs.values())
        for kind in self._type_defs.values():
            _leave_integers(kind.properties.values())

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
        registered.
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


def load(component: str) -> type[pulumi.ComponentResource]:
    """The class of the component called `component`."""
    module = importlib.import_module(f"pulumi_mlops.{MODULES[component]}")
    found: type[pulumi.ComponentResource] = getattr(module, component)
    return found


def component_of(resource_type: str) -> str:
    """The component that `mlops:index:<component>` names; raises ValueError for any other."""
    component = resource_type.removeprefix(f"{PACKAGE}:index:")
    if component not in MODULES:
        raise ValueError(f"no component {resource_type!r}; there are: {', '.join(MODULES)}")
    return component


def inferred_schema() -> dict[str, Any]:
    """The package's schema as Pulumi infers it from all components; `schema.json` is its copy."""
    schema: dict[str, Any] = json.loads(Maker(MODULES).schema or "")
    return schema


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
