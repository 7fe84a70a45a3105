"""Which inputs of AWS's types force a new resource.

Read in the schemas of terraform-provider-aws (`ForceNew`, in internal/service/<service>/) on which
pulumi-aws is built, and for security groups in pulumi_aws's own docs.  What depends on the values (an EKS
cluster that loses its encryption) counts as forcing.  Of all other types only the name is known to force;
whatever else is changed looks like an update here.
"""

from __future__ import annotations

from collections.abc import Mapping

import aws_answers

FORCING: Mapping[str, tuple[str, ...]] = {
    "ec2/securityGroup": ("description", "namePrefix", "vpcId"),
    "ec2/subnet": (
        "availabilityZone",
        "availabilityZoneId",
        "cidrBlock",
        "ipv4IpamPoolId",
        "ipv4NetmaskLength",
        "ipv6IpamPoolId",
        "ipv6Native",
        "ipv6NetmaskLength",
        "outpostArn",
        "vpcId",
    ),
    "eks/cluster": (
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "bootstrapSelfManagedAddons",
        "computeConfig.nodeRoleArn",
        "encryptionConfig",
        "kubernetesNetworkConfig.ipFamily",
        "kubernetesNetworkConfig.serviceIpv4Cidr",
        "outpostConfig",
        "remoteNetworkConfig",
        "roleArn",
    ),
    "eks/nodeGroup": (
        "amiType",
        "capacityType",
        "clusterName",
        "diskSize",
        "instanceTypes",
        "launchTemplate.id",
        "launchTemplate.name",
        "nodeGroupName",
        "nodeGroupNamePrefix",
        "nodeRoleArn",
        "remoteAccess",
        "subnetIds",
    ),
    "kms/key": ("customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"),
    "rds/instance": (
        "availabilityZone",
        "characterSetName",
        "customIamInstanceProfile",
        "dbName",
        "engine",
        "identifierPrefix",
        "kmsKeyId",
        "ncharCharacterSetName",
        "restoreToPointInTime",
        "snapshotIdentifier",
        "storageEncrypted",
        "timezone",
        "username",
    ),
    "s3/bucket": ("bucketPrefix",),
}


def replacing(token: str) -> tuple[str, ...]:
    """Dotted paths of the inputs of a type such as `aws:s3/bucket:Bucket`."""
    return (aws_answers.name_input(token), *FORCING.get(token.split(":")[1], ()))
