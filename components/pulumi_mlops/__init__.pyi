from .admission import AdmissionMode, AdmissionPolicies, AdmissionPoliciesArgs
from .adopted_monitoring import AdoptedMonitoring, AdoptedMonitoringArgs
from .alert_args import (
    DriftArgs,
    EndpointAlertsArgs,
    LatencyArgs,
    ScheduledJobArgs,
    SloArgs,
)
from .cluster import Cluster, ClusterArgs, existing_context, local_node
from .database import Database, DatabaseArgs, DatabaseSource
from .errors import InvalidValue
from .grafana_dashboards import GrafanaDashboards, GrafanaDashboardsArgs
from .guarded_namespace import GuardedNamespace, GuardedNamespaceArgs
from .image_registry import ImageRegistry, ImageRegistryArgs, ImageRegistrySource
from .keda import Keda, KedaArgs, KedaSource
from .model_endpoint import ModelEndpoint, ModelEndpointArgs
from .model_registry import DatabasePasswordArgs, ModelRegistry, ModelRegistryArgs
from .monitoring import Monitoring
from .monitoring_args import (
    DashboardsArgs,
    MonitoringArgs,
    MonitoringImagesArgs,
    MonitoringSource,
    PaceArgs,
    PrometheusArgs,
    ReceiverArgs,
    RouteArgs,
)
from .object_store import ObjectStore, ObjectStoreArgs, ObjectStoreSource, StoreKeyArgs
from .pipeline import Pipeline, PipelineArgs, TrackingArgs
from .platform import Platform
from .platform_args import PlatformArgs, PlatformSecretsArgs
from .remediation import Remediation
from .remediation_args import RemediationArgs, RemediationRuleArgs
from .scaling_args import (
    IdleArgs,
    ScalingArgs,
    ScalingDirectionArgs,
    ScalingStepArgs,
    ScheduledMinimumArgs,
)
from .shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs
from .tracing_args import TracingArgs

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
