"""What AWS's and Pulumi's own words mean for a destroy."""

from __future__ import annotations

import pytest

from mlops_cli.aws.violations import classify, classify_all

PROVIDER = "deleting urn:pulumi:dev::mlops::aws:ec2/x:X::y: 1 error occurred:\n\t* "

WAITS = (
    (
        "dependency",
        "deleting EC2 Subnet (subnet-0a1b2c3d4e5f60718): operation error EC2: DeleteSubnet, "
        "https response error StatusCode: 400, RequestID: 1, api error DependencyViolation: The "
        "subnet 'subnet-0a1b2c3d4e5f60718' has dependencies and cannot be deleted.",
    ),
    (
        "dependency",
        "deleting Security Group (sg-0a1b2c3d4e5f60718): DependencyViolation: resource "
        "sg-0a1b2c3d4e5f60718 has a dependent object",
    ),
    (
        "dependency",
        "detaching EC2 Internet Gateway (igw-0a1b2c3d4e5f60718) from VPC "
        "(vpc-0a1b2c3d4e5f60718): api error DependencyViolation: Network vpc-0a1b2c3d4e5f60718 "
        "has some mapped public address(es). Please unmap those public address(es) before "
        "detaching the gateway.",
    ),
    (
        "dependency",
        "deleting EC2 VPC (vpc-0a1b2c3d4e5f60718): DependencyViolation: The vpc "
        "'vpc-0a1b2c3d4e5f60718' has dependencies and cannot be deleted.",
    ),
    (
        "dependency",
        "deleting EC2 Network Interface (eni-0a1b2c3d4e5f60718): api error "
        "InvalidParameterValue: Network interface 'eni-0a1b2c3d4e5f60718' is currently in use.",
    ),
    (
        "dependency",
        "api error InvalidNetworkInterface.InUse: Interface: eni-0a1b2c3d4e5f60718 in use.",
    ),
    (
        "dependency",
        "deleting EBS Volume: VolumeInUse: Volume vol-0a1b2c3d4e5f60718 is currently attached to "
        "i-0a1b2c3d4e5f60718",
    ),
    (
        "dependency",
        "disassociating EC2 EIP (eipalloc-0a1b2c3d4e5f60718): api error AuthFailure: You do not "
        "have permission to access the specified resource.",
    ),
    (
        "in-use",
        "deleting EKS Cluster (mlops): operation error EKS: DeleteCluster, "
        "ResourceInUseException: Cluster has nodegroups attached",
    ),
    (
        "in-use",
        "deleting ELBv2 Target Group: api error ResourceInUse: Target group "
        "'arn:aws:elasticloadbalancing:x' is currently in use by a listener or a rule",
    ),
    (
        "in-use",
        "deleting RDS Subnet Group (mlops): InvalidDBSubnetGroupStateFault: Cannot delete the "
        "subnet group 'mlops' because at least one database instance: mlops is still using it.",
    ),
    (
        "in-use",
        "deleting RDS DB Instance: InvalidDBInstanceState: Instance mlops is already being deleted.",
    ),
    (
        "throttled",
        "api error Throttling: Rate exceeded",
    ),
    (
        "throttled",
        "api error RequestLimitExceeded: Request limit exceeded.",
    ),
    (
        "slow",
        "waiting for EC2 NAT Gateway (nat-0a1b2c3d4e5f60718) delete: timeout while waiting for "
        "state to become 'success' (last state: 'deleting', timeout: 30m0s)",
    ),
    (
        "slow",
        'Delete "https://eks.eu-central-1.amazonaws.com/": read: connection reset by peer',
    ),
)
NEVER = (
    (
        "protected",
        'resource "urn:pulumi:prod::mlops::aws:rds/instance:Instance::db" cannot be '
        "deleted\nbecause it is protected. To unprotect the resource, either remove the `protect` "
        "flag",
    ),
    (
        "deletion-protection",
        "deleting RDS DB Instance (mlops): api error InvalidParameterCombination: Cannot delete "
        "protected DB Instance, please disable deletion protection and try again.",
    ),
    (
        "deletion-protection",
        "deleting RDS Cluster: InvalidParameterCombination: Cannot delete protected Cluster, "
        "please disable deletion protection and try again.",
    ),
    (
        "deletion-protection",
        "OperationNotPermitted: Load balancer 'arn:aws:elasticloadbalancing:x' cannot be deleted "
        "because deletion protection is enabled",
    ),
    (
        "deletion-protection",
        "deleting EKS Cluster: InvalidRequestException: Cannot delete cluster because "
        "deletionProtection is enabled",
    ),
    (
        "expired-credentials",
        "api error ExpiredToken: The security token included in the request is expired",
    ),
    (
        "expired-credentials",
        "get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found",
    ),
    (
        "denied",
        "api error UnauthorizedOperation: You are not authorized to perform this operation. "
        "User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: "
        "ec2:DeleteVpc",
    ),
    (
        "denied",
        "api error AccessDenied: Access Denied",
    ),
    (
        "stack-locked",
        "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to "
        "end or delete the lock file with `pulumi cancel`.",
    ),
    (
        "bucket-not-empty",
        "deleting S3 Bucket (mlops-models): api error BucketNotEmpty: The bucket you tried to "
        "delete is not empty. You must delete all versions in the bucket.",
    ),
    (
        "bucket-not-empty",
        "RepositoryNotEmptyException: The repository with name 'mlops/serving' in registry with "
        "id '123456789012' cannot be deleted because it still contains images",
    ),
    (
        "cluster-unreachable",
        "configured Kubernetes cluster is unreachable: unable to load schema information from the API server",
    ),
    (
        "finalizers",
        "resource mlops/edge was not successfully deleted: timed out waiting; finalizers remain: "
        "[service.k8s.aws/resources]",
    ),
    (
        "attached-to-role",
        "deleting IAM Role (mlops-node): api error DeleteConflict: Cannot delete entity, must "
        "remove roles from instance profile first.",
    ),
    (
        "unknown",
        "some new error of 2031",
    ),
)


@pytest.mark.parametrize(("kind", "text"), WAITS)
def test_what_aws_lets_go_by_itself_is_waited_for(kind: str, text: str) -> None:
    found = classify(PROVIDER + text)
    assert (found.kind, found.waits) == (kind, True)


@pytest.mark.parametrize(("kind", "text"), NEVER)
def test_what_waiting_never_mends_is_not_waited_for(kind: str, text: str) -> None:
    found = classify(PROVIDER + text)
    assert (found.kind, found.waits) == (kind, False)
    assert found.remedy


def test_ids_are_taken_from_the_text_once_each() -> None:
    text = next(text for _, text in WAITS if "mapped public" in text)
    assert classify(text).ids == ("igw-0a1b2c3d4e5f60718", "vpc-0a1b2c3d4e5f60718")


def test_a_denial_is_not_waited_for_even_beside_a_dependency() -> None:
    assert not classify("DependencyViolation: x; not authorized to perform: ec2:DeleteSubnet").waits


def test_the_engines_closing_line_is_no_error_of_its_own() -> None:
    errors = [
        "update failed",
        "Stack mlops-dev: destroy failed",
        "DependencyViolation: x",
        "DependencyViolation: x",
    ]
    assert [each.text for each in classify_all(errors)] == ["DependencyViolation: x"]


def test_a_closing_line_alone_is_told_rather_than_nothing() -> None:
    (only,) = classify_all(["update failed"])
    assert (only.kind, only.waits) == ("unknown", False)
    assert only.told() == "update failed\n    -> mend what it names, then destroy again; it goes on from here"
