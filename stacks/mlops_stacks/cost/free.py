"""AWS resource types that cost nothing by themselves: what they lead to is priced where it is made."""

from typing import Final

_BY_SERVICE: Final = {
    "acm": "Certificate CertificateValidation",  # public certificates; private ones cost by the authority
    "amp": "AlertManagerDefinition RuleGroupNamespace WorkspaceConfiguration",
    "appautoscaling": "Policy ScheduledAction Target",
    "autoscaling": "Attachment LifecycleHook Notification Policy Schedule Tag",
    "budgets": "Budget",  # without actions
    "cloudwatch": "EventRule EventTarget EventPermission LogMetricFilter LogResourcePolicy LogStream",
    "costexplorer": "AnomalyMonitor AnomalySubscription CostAllocationTag CostCategory",
    "ec2": (
        "DefaultNetworkAcl DefaultRouteTable DefaultSecurityGroup EgressOnlyInternetGateway EipAssociation "
        "InternetGateway KeyPair LaunchTemplate MainRouteTableAssociation NetworkAcl NetworkAclRule "
        "PlacementGroup Route RouteTable RouteTableAssociation SecurityGroup SecurityGroupRule Subnet "
        "SubnetCidrReservation Tag Vpc VpcDhcpOptions VpcDhcpOptionsAssociation VpcEndpointPolicy "
        "VpcEndpointRouteTableAssociation VpcEndpointSubnetAssociation VpcIpv4CidrBlockAssociation "
        "ImageBlockPublicAccess InstanceMetadataDefaults VpcBlockPublicAccessOptions"
    ),
    "vpc": "SecurityGroupEgressRule SecurityGroupIngressRule",
    "ebs": "EncryptionByDefault DefaultKmsKey SnapshotBlockPublicAccess",
    "ecr": (
        "AccountSetting LifecyclePolicy PullThroughCacheRule RegistryPolicy RegistryScanningConfiguration "
        "ReplicationConfiguration RepositoryCreationTemplate RepositoryPolicy"
    ),
    "eks": "AccessEntry AccessPolicyAssociation Addon IdentityProviderConfig PodIdentityAssociation",
    "iam": (
        "AccountPasswordPolicy Group GroupPolicy GroupPolicyAttachment InstanceProfile OpenIdConnectProvider "
        "Policy PolicyAttachment Role RolePoliciesExclusive RolePolicy RolePolicyAttachment "
        "RolePolicyAttachmentsExclusive SamlProvider ServiceLinkedRole User UserPolicy UserPolicyAttachment"
    ),
    "kms": "Alias Grant KeyPolicy",
    "lb": "Listener ListenerCertificate ListenerRule TargetGroup TargetGroupAttachment",
    "grafana": "RoleAssociation WorkspaceApiKey WorkspaceServiceAccount WorkspaceServiceAccountToken",
    "ram": "PrincipalAssociation ResourceAssociation ResourceShare",
    "rds": "ClusterParameterGroup EventSubscription OptionGroup ParameterGroup RoleAssociation SubnetGroup",
    "resourcegroups": "Group",
    "route53": "Record",
    "s3": (
        "AccountPublicAccessBlock BucketAcl BucketCorsConfiguration BucketLifecycleConfiguration "
        "BucketLogging BucketNotification BucketObjectLockConfiguration BucketOwnershipControls BucketPolicy "
        "BucketPublicAccessBlock BucketReplicationConfig BucketServerSideEncryptionConfiguration "
        "BucketVersioning"
    ),
    "secretsmanager": "SecretPolicy SecretRotation SecretVersion",
    "servicequotas": "ServiceQuota",
    # The first million messages of a month, and of e-mails the first thousand, are free.
    "sns": "Topic TopicPolicy TopicSubscription",
    "sqs": "Queue QueuePolicy RedriveAllowPolicy RedrivePolicy",
    "ssm": "Parameter",  # of the standard tier
    "wafv2": "IpSet RegexPatternSet RuleGroup WebAclAssociation WebAclLoggingConfiguration",
}

FREE: Final = frozenset(
    f"aws:{service}/{name[0].lower()}{name[1:]}:{name}"
    for service, names in _BY_SERVICE.items()
    for name in names.split()
)

OTHER_PROVIDERS: Final = ("kubernetes:", "pulumi:", "random:", "tls:", "command:", "time:", "std:")
"""Providers that make nothing at AWS; what objects in the cluster make there is priced by their kind."""


def is_free(kind: str) -> bool:
    """True if a resource of this type token costs nothing by itself."""
    return kind in FREE or kind.startswith(OTHER_PROVIDERS)
