"""The security baseline of an environment on AWS: one row for each thing that a reviewer looks for.

Sources: AWS Security Hub controls (EKS.1, EKS.3, EKS.8, S3.1, S3.5, S3.8, ECR.1 to ECR.3, RDS.*), AWS Control
Tower proactive controls (CT.EKS.PR.*, CT.S3.PR.*), EKS Best Practices Guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hardening import (
    MISSING,
    Row,
    Test,
    companion,
    field,
    identities,
    of_type,
    protected,
    statement,
)
from hardening_special import (
    EVERYWHERE,
    administrator,
    cluster_logs,
    force_ssl,
    node_rights,
    one_role_per_account,
    public_endpoint,
    scoped_buckets,
    web_identity,
)
from mlops_stacks.recording import Document, Resource

CLUSTER, NODE_GROUP = "aws:eks/cluster:", "aws:eks/nodeGroup:"
TEMPLATE, NODE_CLASS = "aws:ec2/launchTemplate:", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
BUCKET, BUCKET_POLICY = "aws:s3/bucket:", "aws:s3/bucketPolicy:"
BLOCK, OWNERSHIP = "aws:s3/bucketPublicAccessBlock:", "aws:s3/bucketOwnershipControls:"
VERSIONING, LOGGING = "aws:s3/bucketVersioning:", "aws:s3/bucketLogging:"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:"
REPOSITORY, REPOSITORY_POLICY = "aws:ecr/repository:", "aws:ecr/repositoryPolicy:"
DATABASE, PARAMETERS = "aws:rds/instance:", "aws:rds/parameterGroup:"
LOG_GROUP, KEY = "aws:cloudwatch/logGroup:", "aws:kms/key:"
CONTROL_PLANE_LOGS = frozenset({"api", "audit", "authenticator", "controllerManager", "scheduler"})


def given(value: Any) -> bool:
    """Anything but nothing; a value that is not known yet counts."""
    return value is not MISSING and value not in (None, "", [])


def yes(value: Any) -> bool:
    """True, or the text that a launch template takes for it."""
    return value is True or value == "true"


def no(value: Any) -> bool:
    """False, and said so."""
    return value is False or value == "false"


def not_yes(value: Any) -> bool:
    """False or not said."""
    return not yes(value)


def equal(wanted: Any) -> Test:
    """This value alone."""
    return lambda value: bool(value == wanted)


def at_least(least: int) -> Test:
    """A number of this size."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def has(wanted: frozenset[str]) -> Test:
    """A list with all of these in it."""
    return lambda value: isinstance(value, list) and wanted <= set(value)


def holds_logs(document: Document, resource: Resource) -> bool:
    """Whether a bucket is one into which others log: no KMS key, and no log of its own, by S3's rules."""
    named = identities(resource)
    targets = {each.inputs.get("targetBucket") for each in of_type(document, LOGGING)}
    policies = [each for each in of_type(document, BUCKET_POLICY) if each.inputs.get("bucket") in named]
    return bool(named & targets) or any("logging.s3." in str(each.inputs) for each in policies)


def holds_data(document: Document, resource: Resource) -> bool:
    """Whether a bucket is none of logs."""
    return not holds_logs(document, resource)


def of_data(document: Document, resource: Resource) -> bool:
    """Whether a setting is of a bucket of data; one of a bucket that is not here counts."""
    named = resource.inputs.get("bucket")
    buckets = [each for each in of_type(document, BUCKET) if named in identities(each)]
    return all(holds_data(document, each) for each in buckets)


def _denies_plain_http(one: Mapping[str, Any]) -> bool:
    denied = one.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
    return one.get("Effect") == "Deny" and denied and len(one.get("Resource", [])) == 2


def _denies_other_key(one: Mapping[str, Any]) -> bool:
    return one.get("Effect") == "Deny" and "aws-kms-key-id" in json.dumps(one.get("Condition", {}))


EKS: tuple[Row, ...] = (
    public_endpoint(),
    field("eks.private-endpoint", "EKS endpoint", "nodes reach the API server inside", CLUSTER,
          "vpcConfig.endpointPrivateAccess", yes),
    field("eks.secrets-key", "Secrets", "a key of one's own seals Secrets", CLUSTER,
          "encryptionConfig.provider.keyArn", given),
    field("eks.secrets-sealed", "Secrets", "Secrets are what the key seals", CLUSTER,
          "encryptionConfig.resources", has(frozenset({"secrets"}))),
    field("eks.logs", "Logs", "the control plane logs all it can", CLUSTER,
          "enabledClusterLogTypes", has(CONTROL_PLANE_LOGS)),
    field("eks.authentication", "Access", "access entries alone let in", CLUSTER,
          "accessConfig.authenticationMode", equal("API")),
    field("eks.creator", "Access", "who made the cluster is no administrator by that", CLUSTER,
          "accessConfig.bootstrapClusterCreatorAdminPermissions", no),
    administrator(),
    cluster_logs(),
    field("eks.version", "Lifecycle", "the version is named", CLUSTER, "version", given),
    field("eks.support", "Lifecycle", "a version ends with its standard support", CLUSTER,
          "upgradePolicy.supportType", equal("STANDARD")),
    field("eks.deletion", "Lifecycle", "EKS refuses to delete it", CLUSTER, "deletionProtection", yes,
          production=True),
    protected("eks.protect", "Lifecycle", CLUSTER),
)  # fmt: skip
NODES: tuple[Row, ...] = (
    field("nodes.imds", "Nodes", "metadata for a token only", TEMPLATE, "metadataOptions.httpTokens",
          equal("required")),
    field("nodes.hop", "Nodes", "no metadata for pods", TEMPLATE, "metadataOptions.httpPutResponseHopLimit",
          equal(1)),
    field("nodes.encrypted", "Nodes", "disks are encrypted", TEMPLATE, "blockDeviceMappings[].ebs.encrypted",
          yes),
    field("nodes.disk-key", "Nodes", "with a key of one's own", TEMPLATE,
          "blockDeviceMappings[].ebs.kmsKeyId", given),
    field("nodes.disk-type", "Nodes", "disks are gp3", TEMPLATE, "blockDeviceMappings[].ebs.volumeType",
          equal("gp3")),
    field("nodes.no-key-pair", "Nodes", "no SSH", TEMPLATE, "keyName", lambda value: not given(value),
          bad="office"),
    field("nodes.no-remote", "Nodes", "no SSH", NODE_GROUP, "remoteAccess", lambda value: not given(value),
          bad={"ec2SshKey": "office"}),
    field("nodes.template", "Nodes", "node groups start as the template says", NODE_GROUP,
          "launchTemplate.id", given),
    field("pools.imds", "Nodes", "metadata for a token only", NODE_CLASS, "spec.metadataOptions.httpTokens",
          equal("required")),
    field("pools.hop", "Nodes", "no metadata for pods", NODE_CLASS,
          "spec.metadataOptions.httpPutResponseHopLimit", equal(1)),
    field("pools.encrypted", "Nodes", "disks are encrypted", NODE_CLASS,
          "spec.blockDeviceMappings[].ebs.encrypted", yes),
    field("pools.disk-key", "Nodes", "with a key of one's own", NODE_CLASS,
          "spec.blockDeviceMappings[].ebs.kmsKeyID", given),
    field("pools.disk-type", "Nodes", "disks are gp3", NODE_CLASS,
          "spec.blockDeviceMappings[].ebs.volumeType", equal("gp3")),
    field("pools.private", "Nodes", "no public address", NODE_CLASS, "spec.associatePublicIPAddress", no),
    node_rights(),
)  # fmt: skip
IDENTITY: tuple[Row, ...] = (
    one_role_per_account(),
    web_identity(),
    scoped_buckets(),
)
S3: tuple[Row, ...] = (
    companion("s3.block", "S3", "a block of public access", BUCKET, BLOCK, "bucket"),
    field("s3.block-acls", "S3", "no public ACL is taken", BLOCK, "blockPublicAcls", yes),
    field("s3.ignore-acls", "S3", "a public ACL means nothing", BLOCK, "ignorePublicAcls", yes),
    field("s3.block-policy", "S3", "no public policy is taken", BLOCK, "blockPublicPolicy", yes),
    field("s3.restrict", "S3", "a public policy lets nobody in", BLOCK, "restrictPublicBuckets", yes),
    companion("s3.ownership", "S3", "who owns objects is said", BUCKET, OWNERSHIP, "bucket"),
    field("s3.owner", "S3", "the bucket's owner owns all", OWNERSHIP, "rule.objectOwnership",
          equal("BucketOwnerEnforced")),
    companion("s3.versions", "S3", "versions are kept or not, as said", BUCKET, VERSIONING, "bucket"),
    field("s3.versioning", "S3", "versions are kept", VERSIONING, "versioningConfiguration.status",
          equal("Enabled")),
    companion("s3.encryption", "S3", "encryption is said", BUCKET, ENCRYPTION, "bucket"),
    field("s3.kms", "S3", "KMS encrypts", ENCRYPTION,
          "rules[].applyServerSideEncryptionByDefault.sseAlgorithm", equal("aws:kms"), where=of_data),
    field("s3.key", "S3", "with a key of one's own", ENCRYPTION,
          "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId", given, where=of_data),
    field("s3.bucket-key", "S3", "by a bucket key", ENCRYPTION, "rules[].bucketKeyEnabled", yes,
          where=of_data),
    companion("s3.policy", "S3", "a policy of its own", BUCKET, BUCKET_POLICY, "bucket"),
    statement("s3.tls", "S3", "no connection without TLS", BUCKET_POLICY, "policy", _denies_plain_http),
    statement("s3.wrong-key", "S3", "no object of another key", BUCKET_POLICY, "policy", _denies_other_key,
              where=of_data),
    companion("s3.lifecycle", "S3", "a lifecycle", BUCKET, LIFECYCLE, "bucket"),
    field("s3.uploads", "S3", "uploads that were given up go", LIFECYCLE,
          "rules", lambda rules: _some(rules, "abortIncompleteMultipartUpload"), bad=[]),
    field("s3.noncurrent", "S3", "old versions go", LIFECYCLE, "rules",
          lambda rules: not rules or _some(rules, "noncurrentVersionExpiration"),
          bad=[{"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}]),
    companion("s3.access-logs", "S3", "access is logged", BUCKET, LOGGING, "bucket", where=holds_data),
    field("s3.no-force", "S3", "a destroy does not empty it", BUCKET, "forceDestroy", not_yes, bad=True,
          production=True),
    protected("s3.protect", "S3", BUCKET),
)  # fmt: skip
ECR: tuple[Row, ...] = (
    field("ecr.scan", "ECR", "images are scanned", REPOSITORY, "imageScanningConfiguration.scanOnPush", yes),
    field("ecr.immutable", "ECR", "tags do not move", REPOSITORY, "imageTagMutability",
          lambda value: str(value).startswith("IMMUTABLE")),
    field("ecr.kms", "ECR", "KMS encrypts", REPOSITORY, "encryptionConfigurations[].encryptionType",
          equal("KMS")),
    field("ecr.key", "ECR", "with a key of one's own", REPOSITORY, "encryptionConfigurations[].kmsKey",
          given),
    companion("ecr.lifecycle", "ECR", "a lifecycle", REPOSITORY, "aws:ecr/lifecyclePolicy:", "repository"),
    companion("ecr.policy", "ECR", "a policy of its own", REPOSITORY, REPOSITORY_POLICY, "repository"),
    field("ecr.no-force", "ECR", "a destroy does not empty it", REPOSITORY, "forceDelete", not_yes, bad=True,
          production=True),
    protected("ecr.protect", "ECR", REPOSITORY),
)  # fmt: skip
RDS: tuple[Row, ...] = (
    field("rds.encrypted", "RDS", "it is encrypted", DATABASE, "storageEncrypted", yes),
    field("rds.key", "RDS", "with a key of one's own", DATABASE, "kmsKeyId", given),
    field("rds.private", "RDS", "it has no public address", DATABASE, "publiclyAccessible", no),
    field("rds.iam", "RDS", "roles may log in", DATABASE, "iamDatabaseAuthenticationEnabled", yes),
    field("rds.password", "RDS", "AWS makes and rotates the password", DATABASE, "manageMasterUserPassword",
          yes),
    field("rds.no-password", "RDS", "none is in the state", DATABASE, "password",
          lambda value: not given(value), bad="hunter2"),
    field("rds.password-key", "RDS", "a key of one's own seals it", DATABASE, "masterUserSecretKmsKeyId",
          given),
    field("rds.backups", "RDS", "backups are kept", DATABASE, "backupRetentionPeriod", at_least(1)),
    field("rds.logs", "RDS", "its logs leave it", DATABASE, "enabledCloudwatchLogsExports",
          has(frozenset({"postgresql"}))),
    field("rds.monitoring", "RDS", "the operating system is watched", DATABASE, "monitoringInterval",
          at_least(1)),
    field("rds.insights", "RDS", "queries are watched", DATABASE, "performanceInsightsEnabled", yes),
    field("rds.insights-key", "RDS", "a key of one's own seals what is seen", DATABASE,
          "performanceInsightsKmsKeyId", given),
    field("rds.snapshot-tags", "RDS", "snapshots carry its tags", DATABASE, "copyTagsToSnapshot", yes),
    field("rds.patches", "RDS", "small updates come by themselves", DATABASE, "autoMinorVersionUpgrade", yes),
    field("rds.certificate", "RDS", "the signer of its certificate is named", DATABASE, "caCertIdentifier",
          given),
    force_ssl(),
    field("rds.zones", "RDS", "a standby in another zone", DATABASE, "multiAz", yes, production=True),
    field("rds.backups-week", "RDS", "backups of a week", DATABASE, "backupRetentionPeriod",
          lambda value: not at_least(1)(value) or at_least(7)(value), bad=1, production=True),
    field("rds.deletion", "RDS", "RDS refuses to delete it", DATABASE, "deletionProtection", yes,
          production=True),
    field("rds.final", "RDS", "it leaves a snapshot", DATABASE, "skipFinalSnapshot", no, production=True),
    field("rds.final-name", "RDS", "whose name is known", DATABASE, "finalSnapshotIdentifier", given,
          production=True),
    field("rds.backups-stay", "RDS", "and its backups", DATABASE, "deleteAutomatedBackups", no,
          production=True),
    protected("rds.protect", "RDS", DATABASE),
)  # fmt: skip
KEYS_AND_LOGS: tuple[Row, ...] = (
    field("kms.rotation", "Secrets", "keys are rotated", KEY, "enableKeyRotation", yes),
    field("kms.deletion", "Secrets", "a deletion can be taken back for a week", KEY, "deletionWindowInDays",
          at_least(7)),
    field("kms.policy", "Secrets", "who may use a key is said", KEY, "policy", given),
    protected("kms.protect", "Secrets", KEY),
    field("logs.retention", "Logs", "logs are kept for a time, and not for ever", LOG_GROUP,
          "retentionInDays", at_least(1)),
    field("logs.key", "Logs", "with a key of one's own", LOG_GROUP, "kmsKeyId", given),
)  # fmt: skip
NETWORK: tuple[Row, ...] = (
    companion("vpc.flow-logs", "Network", "who called whom is logged", "aws:ec2/vpc:", "aws:ec2/flowLog:",
              "vpcId"),
    field("vpc.flow-all", "Network", "all calls", "aws:ec2/flowLog:", "trafficType", equal("ALL")),
    companion("vpc.default-group", "Network", "the default group is emptied", "aws:ec2/vpc:",
              "aws:ec2/defaultSecurityGroup:", "vpcId"),
    field("vpc.no-public-address", "Network", "nothing gets a public address by itself", "aws:ec2/subnet:",
          "mapPublicIpOnLaunch", no),
    field("vpc.no-open-group", "Network", "no group is open to all", "aws:ec2/securityGroup:",
          "ingress[].cidrBlocks", lambda value: not _open(value), bad=["0.0.0.0/0"]),
    field("vpc.no-open-rule", "Network", "no rule is open to all", "aws:vpc/securityGroupIngressRule:",
          "cidrIpv4", lambda value: value not in EVERYWHERE, bad="0.0.0.0/0"),
    field("vpc.no-open-rule-6", "Network", "no rule is open to all", "aws:vpc/securityGroupIngressRule:",
          "cidrIpv6", lambda value: value not in EVERYWHERE, bad="::/0"),
)  # fmt: skip
ROWS: tuple[Row, ...] = (*EKS, *NODES, *IDENTITY, *S3, *ECR, *RDS, *KEYS_AND_LOGS, *NETWORK)
"""Every row, in the order of the baseline."""


def _some(rules: Any, key: str) -> bool:
    return isinstance(rules, list) and any(
        given(rule.get(key)) for rule in rules if isinstance(rule, Mapping)
    )


def _open(value: Any) -> bool:
    return isinstance(value, list) and bool(EVERYWHERE & set(map(str, value)))
