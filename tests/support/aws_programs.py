"""Small programs on AWS, good and bad, by which the tests' own tools are tried."""

from __future__ import annotations

import json

import pulumi_aws as aws


def private_bucket() -> None:
    """A bucket with all that a scanner asks for that is not of the owner's choosing."""
    key = aws.kms.Key("key", enable_key_rotation=True, policy=_key_policy())
    bucket = aws.s3.Bucket("data", tags={"mlops:owner": "team"})
    aws.s3.BucketPublicAccessBlock(
        "data-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketVersioning("data-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    aws.s3.BucketServerSideEncryptionConfiguration(
        "data-encryption",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
            }
        ],
    )
    aws.s3.BucketLifecycleConfiguration(
        "data-lifecycle",
        bucket=bucket.id,
        rules=[
            {
                "id": "housekeeping",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
    )
    aws.s3.BucketLogging("data-logging", bucket=bucket.id, target_bucket=bucket.id, target_prefix="logs/")


def open_ground() -> None:
    """What nobody should make: a bucket without a block, an open port, plain disks, a public endpoint."""
    aws.s3.Bucket("open")
    ssh = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
    aws.ec2.SecurityGroup("open", description="SSH for all", ingress=[{**ssh, "description": "SSH"}])
    aws.rds.Instance("plain", instance_class="db.t4g.micro", engine="postgres", allocated_storage=20)
    aws.eks.Cluster(
        "public",
        role_arn="arn:aws:iam::123456789012:role/eks",
        vpc_config={"subnet_ids": ["subnet-1"], "endpoint_public_access": True},
    )


def reader_role() -> None:
    """A role that a pod has, which reads one bucket."""
    bucket = aws.s3.Bucket("data")
    role = aws.iam.Role("reader", assume_role_policy=trust("pods.eks.amazonaws.com"))
    aws.iam.RolePolicy(
        "reader", role=role.name, policy=bucket.arn.apply(lambda arn: allow("s3:GetObject", f"{arn}/*"))
    )


def allow(action: str, resource: str, **more: object) -> str:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource], **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    """A trust policy for one service."""
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _key_policy() -> str:
    return allow("kms:*", "*", Principal={"AWS": ["arn:aws:iam::123456789012:root"]})
