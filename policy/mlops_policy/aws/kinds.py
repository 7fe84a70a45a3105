"""Type tokens of the resources of AWS that the rules are about, and values that several of them ask for."""

from __future__ import annotations

from typing import Final

from mlops_policy.wanted import TEXT, Wanted

CLUSTER: Final = "aws:eks/cluster:"
NODE_GROUP: Final = "aws:eks/nodeGroup:"
ACCESS: Final = "aws:eks/accessPolicyAssociation:"
ASSOCIATION: Final = "aws:eks/podIdentityAssociation:"
TEMPLATE: Final = "aws:ec2/launchTemplate:"
NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
ROLE: Final = "aws:iam/role:"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:"
ROLE_POLICY: Final = "aws:iam/rolePolicy:"
BUCKET: Final = "aws:s3/bucket:"
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:"
BLOCK: Final = "aws:s3/bucketPublicAccessBlock:"
OWNERSHIP: Final = "aws:s3/bucketOwnershipControls:"
VERSIONING: Final = "aws:s3/bucketVersioning:"
ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:"
LIFECYCLE: Final = "aws:s3/bucketLifecycleConfiguration:"
LOGGING: Final = "aws:s3/bucketLogging:"
REPOSITORY: Final = "aws:ecr/repository:"
REPOSITORY_LIFECYCLE: Final = "aws:ecr/lifecyclePolicy:"
REPOSITORY_POLICY: Final = "aws:ecr/repositoryPolicy:"
DATABASE: Final = "aws:rds/instance:"
PARAMETERS: Final = "aws:rds/parameterGroup:"
KEY: Final = "aws:kms/key:"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:"
VPC: Final = "aws:ec2/vpc:"
FLOW_LOG: Final = "aws:ec2/flowLog:"
DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:"
SUBNET: Final = "aws:ec2/subnet:"
SECURITY_GROUP: Final = "aws:ec2/securityGroup:"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:"
EVERYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})
"""Networks that are everybody's."""
OWN_KEY: Final = Wanted(
    "the ARN of a key of one's own",
    lambda found: TEXT.holds(found) and "alias/aws/" not in str(found),
    unknown=True,
)
"""A key that is named and none of those that AWS makes for a service, which nobody can bound or take away."""
