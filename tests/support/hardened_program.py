"""A small program in which every row of the security baseline has something to hold of, and holds."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from aws_programs import allow, trust

KEPT = pulumi.ResourceOptions(protect=True)


def program() -> None:
    """One of everything, for production."""
    key = aws.kms.Key(
        "key",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=allow("kms:*", "*", Principal={"AWS": ["arn:aws:iam::123456789012:root"]}),
        opts=KEPT,
    )
    _network()
    _cluster(key.arn)
    _nodes(key.arn)
    _identity()
    _logs_bucket()
    _data_bucket(key.arn)
    _repository(key.arn)
    _database(key.arn)


def _network() -> None:
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
    aws.ec2.DefaultSecurityGroup("default", vpc_id=vpc.id, ingress=[], egress=[])
    aws.ec2.FlowLog("calls", vpc_id=vpc.id, traffic_type="ALL")
    aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/20", map_public_ip_on_launch=False)
    inside = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"]}
    group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, ingress=[inside])
    aws.vpc.SecurityGroupIngressRule(
        "rule", security_group_id=group.id, ip_protocol="tcp", cidr_ipv4="10.0.0.0/16"
    )


def _cluster(key_arn: pulumi.Output[str]) -> None:
    aws.cloudwatch.LogGroup("plane", name="/aws/eks/risk/cluster", retention_in_days=90, kms_key_id=key_arn)
    cluster = aws.eks.Cluster(
        "cluster",
        name="risk",
        role_arn="arn:aws:iam::123456789012:role/eks",
        version="1.35",
        vpc_config={
            "subnet_ids": ["subnet-1"],
            "endpoint_private_access": True,
            "endpoint_public_access": False,
        },
        encryption_config={"provider": {"key_arn": key_arn}, "resources": ["secrets"]},
        enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
        access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
        upgrade_policy={"support_type": "STANDARD"},
        deletion_protection=True,
        opts=KEPT,
    )
    aws.eks.AccessPolicyAssociation(
        "admin",
        cluster_name=cluster.name,
        principal_arn="arn:aws:iam::123456789012:role/admin",
        policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        access_scope={"type": "cluster"},
    )


def _nodes(key_arn: pulumi.Output[str]) -> None:
    role = aws.iam.Role("node", assume_role_policy=trust("ec2.amazonaws.com"))
    aws.iam.RolePolicyAttachment(
        "node", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    )
    disk = {"encrypted": "true", "kms_key_id": key_arn, "volume_type": "gp3"}
    template = aws.ec2.LaunchTemplate(
        "template",
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        block_device_mappings=[
            {"device_name": "/dev/xvda", "ebs": disk},
            {"device_name": "/dev/xvdb", "ebs": disk},
        ],
    )
    aws.eks.NodeGroup(
        "nodes",
        cluster_name="risk",
        node_role_arn=role.arn,
        subnet_ids=["subnet-1"],
        scaling_config={"min_size": 1, "max_size": 2, "desired_size": 1},
        launch_template={"id": template.id, "version": "1"},
    )
    pool_disk = {"encrypted": True, "kmsKeyID": key_arn, "volumeType": "gp3"}
    kubernetes.apiextensions.CustomResource(
        "pool",
        api_version="karpenter.k8s.aws/v1",
        kind="EC2NodeClass",
        spec={
            "associatePublicIPAddress": False,
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": pool_disk}],
        },
    )


def _identity() -> None:
    for name in ("reader", "writer"):
        role = aws.iam.Role(name, assume_role_policy=trust("pods.eks.amazonaws.com"))
        aws.iam.RolePolicy(name, role=role.name, policy=allow("s3:GetObject", f"arn:aws:s3:::data/{name}/*"))
        aws.eks.PodIdentityAssociation(
            name, cluster_name="risk", namespace="models", service_account=name, role_arn=role.arn
        )
    subject = {
        "token.example:aud": "sts.amazonaws.com",
        "token.example:sub": "repo:team/models:environment:prod",
    }
    statement = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Principal": {"Federated": ["arn:aws:iam::123456789012:oidc-provider/token.example"]},
        "Condition": {"StringEquals": subject},
    }
    aws.iam.Role("ci", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _logs_bucket() -> None:
    bucket = _bucket("logs", {"sse_algorithm": "AES256"}, bucket_key=False)
    delivery = {
        "Effect": "Allow",
        "Action": ["s3:PutObject"],
        "Resource": ["arn:aws:s3:::logs/*"],
        "Principal": {"Service": ["logging.s3.amazonaws.com"]},
    }
    _policy("logs", bucket, delivery)


def _data_bucket(key_arn: pulumi.Output[str]) -> None:
    bucket = _bucket("data", {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}, bucket_key=True)
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    other_key = {
        "Effect": "Deny",
        "Action": ["s3:PutObject"],
        "Resource": ["arn:aws:s3:::data/*"],
        "Principal": "*",
        "Condition": {"ArnNotEquals": {header: "arn:aws:kms:eu-central-1:123456789012:key/one"}},
    }
    _policy("data", bucket, other_key)
    aws.s3.BucketLogging("data-logging", bucket=bucket.id, target_bucket="logs", target_prefix="data/")


def _bucket(name: str, default: dict[str, Any], *, bucket_key: bool) -> aws.s3.Bucket:
    bucket = aws.s3.Bucket(name, bucket=name, opts=KEPT)
    aws.s3.BucketPublicAccessBlock(
        f"{name}-block",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    owner = {"object_ownership": "BucketOwnerEnforced"}
    aws.s3.BucketOwnershipControls(f"{name}-owner", bucket=bucket.id, rule=owner)
    kept = {"status": "Enabled"}
    aws.s3.BucketVersioning(f"{name}-versions", bucket=bucket.id, versioning_configuration=kept)
    rule = {"apply_server_side_encryption_by_default": default, "bucket_key_enabled": bucket_key}
    aws.s3.BucketServerSideEncryptionConfiguration(f"{name}-encryption", bucket=bucket.id, rules=[rule])
    housekeeping = {
        "id": "housekeeping",
        "status": "Enabled",
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        "noncurrent_version_expiration": {"noncurrent_days": 90},
    }
    aws.s3.BucketLifecycleConfiguration(f"{name}-lifecycle", bucket=bucket.id, rules=[housekeeping])
    return bucket


def _policy(name: str, bucket: aws.s3.Bucket, more: dict[str, Any]) -> None:
    arn = f"arn:aws:s3:::{name}"
    plain_http = {
        "Effect": "Deny",
        "Action": ["s3:*"],
        "Resource": [arn, f"{arn}/*"],
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [plain_http, more]})
    aws.s3.BucketPolicy(f"{name}-policy", bucket=bucket.id, policy=text)


def _repository(key_arn: pulumi.Output[str]) -> None:
    repository = aws.ecr.Repository(
        "images",
        name="mlops/serving",
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": key_arn}],
        opts=KEPT,
    )
    aws.ecr.LifecyclePolicy("images-lifecycle", repository=repository.name, policy='{"rules": []}')
    aws.ecr.RepositoryPolicy(
        "images-policy", repository=repository.name, policy=allow("ecr:BatchGetImage", "*")
    )


def _database(key_arn: pulumi.Output[str]) -> None:
    aws.rds.ParameterGroup(
        "parameters",
        family="postgres17",
        parameters=[{"name": "rds.force_ssl", "value": "1"}, {"name": "log_connections", "value": "1"}],
    )
    aws.rds.Instance(
        "database",
        instance_class="db.m7g.large",
        engine="postgres",
        storage_encrypted=True,
        kms_key_id=key_arn,
        publicly_accessible=False,
        iam_database_authentication_enabled=True,
        manage_master_user_password=True,
        master_user_secret_kms_key_id=key_arn,
        backup_retention_period=14,
        enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
        monitoring_interval=60,
        performance_insights_enabled=True,
        performance_insights_kms_key_id=key_arn,
        copy_tags_to_snapshot=True,
        auto_minor_version_upgrade=True,
        ca_cert_identifier="rds-ca-rsa2048-g1",
        multi_az=True,
        deletion_protection=True,
        skip_final_snapshot=False,
        final_snapshot_identifier="database-final",
        delete_automated_backups=False,
        opts=KEPT,
    )
