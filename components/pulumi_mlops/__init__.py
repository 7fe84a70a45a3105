"""Pulumi components for an MLOps platform on Kubernetes.

`Platform` wires all of them; each can be used alone.  Arguments are typed dictionaries, so that programs
in other languages can use the components too (`pulumi package add`).
"""

from pulumi_mlops.admission import AdmissionMode, AdmissionPolicies, AdmissionPoliciesArgs
from pulumi_mlops.adopted_monitoring import AdoptedMonitoring, AdoptedMonitoringArgs
from pulumi_mlops.alert_args import (
    DriftArgs,
    EndpointAlertsArgs,
    LatencyArgs,
    ScheduledJobArgs,
    SloArgs,
)
from pulumi_mlops.cluster import Cluster, ClusterArgs, existing_context, local_node
from pulumi_mlops.database import Database, DatabaseArgs, DatabaseSource
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.grafana_dashboards import GrafanaDashboards, GrafanaDashboardsArgs
from pulumi_mlops.guarded_namespace import GuardedNamespace, GuardedNamespaceArgs
from pulumi_mlops.image_registry import ImageRegistry, ImageRegistryArgs, ImageRegistrySource
from pulumi_mlops.keda import Keda, KedaArgs, KedaSource
from pulumi_mlops.model_endpoint import ModelEndpoint, ModelEndpointArgs
from pulumi_mlops.model_registry import DatabasePasswordArgs, ModelRegistry, ModelRegistryArgs
from pulumi_mlops.monitoring import Monitoring
from pulumi_mlops.monitoring_args import (
    DashboardsArgs,
    MonitoringArgs,
    MonitoringImagesArgs,
    MonitoringSource,
    PaceArgs,
    PrometheusArgs,
    ReceiverArgs,
    RouteArgs,
)
from pulumi_mlops.object_store import ObjectStore, ObjectStoreArgs, ObjectStoreSource, StoreKeyArgs
from pulumi_mlops.pipeline import Pipeline, PipelineArgs, TrackingArgs
from pulumi_mlops.platform import Platform
from pulumi_mlops.platform_args import PlatformArgs, PlatformSecretsArgs
from pulumi_mlops.remediation import Remediation
from pulumi_mlops.remediation_args import RemediationArgs, RemediationRuleArgs
from pulumi_mlops.scaling_args import (
    IdleArgs,
    ScalingArgs,
    ScalingDirectionArgs,
    ScalingStepArgs,
    ScheduledMinimumArgs,
)
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs
from pulumi_mlops.tracing_args import TracingArgs

__all__ = [
    "AdmissionMode",
    "AdmissionPolicies",
    "AdmissionPoliciesArgs",
    "AdoptedMonitoring",
    "AdoptedMonitoringArgs",
    "Cluster",
    "ClusterArgs",
    "DashboardsArgs",
    "Database",
    "DatabaseArgs",
    "DatabasePasswordArgs",
    "DatabaseSource",
    "DriftArgs",
    "EndpointAlertsArgs",
    "FlowArgs",
    "GrafanaDashboards",
    "GrafanaDashboardsArgs",
    "GuardedNamespace",
    "GuardedNamespaceArgs",
    "IdleArgs",
    "ImageRegistry",
    "ImageRegistryArgs",
    "ImageRegistrySource",
    "InvalidValue",
    "Keda",
    "KedaArgs",
    "KedaSource",
    "LatencyArgs",
    "ModelEndpoint",
    "ModelEndpointArgs",
    "ModelRegistry",
    "ModelRegistryArgs",
    "Monitoring",
    "MonitoringArgs",
    "MonitoringImagesArgs",
    "MonitoringSource",
    "ObjectStore",
    "ObjectStoreArgs",
    "ObjectStoreSource",
    "PaceArgs",
    "Pipeline",
    "PipelineArgs",
    "Platform",
    "PlatformArgs",
    "PlatformSecretsArgs",
    "PrometheusArgs",
    "ReceiverArgs",
    "Remediation",
    "RemediationArgs",
    "RemediationRuleArgs",
    "ResourcesArgs",
    "RouteArgs",
    "ScalingArgs",
    "ScalingDirectionArgs",
    "ScalingStepArgs",
    "ScheduledJobArgs",
    "ScheduledMinimumArgs",
    "SloArgs",
    "StoreAccessArgs",
    "StoreKeyArgs",
    "TracingArgs",
    "TrackingArgs",
    "existing_context",
    "local_node",
]
