"""Repositories of images: scanned, with tags that stay, encrypted, kept small, and kept."""

from __future__ import annotations

from mlops_policy.aws.frameworks import cis_eks, hub
from mlops_policy.aws.kinds import REPOSITORY, REPOSITORY_LIFECYCLE, REPOSITORY_POLICY
from mlops_policy.building import companion, field, protected
from mlops_policy.rules import ProductionConfig, Rule, Severity
from mlops_policy.wanted import NOT_YES, TEXT, YES, equal, one_of

_KINDS = (REPOSITORY,)
RULES: tuple[Rule, ...] = (
    field("ecr-scan", "A repository's images are scanned when they are pushed.", _KINDS,
          "imageScanningConfiguration.scanOnPush", YES, fix=True,
          frameworks=(*hub("ECR.1"), *cis_eks("5.1.1"))),
    field("ecr-immutable", "A repository's tags do not move from one image to another.", _KINDS,
          "imageTagMutability", one_of(("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION")), severity=Severity.MEDIUM,
          frameworks=hub("ECR.2")),
    field("ecr-kms", "KMS encrypts a repository's images.", _KINDS,
          "encryptionConfigurations[].encryptionType", equal("KMS"), severity=Severity.MEDIUM,
          frameworks=hub("ECR.5")),
    field("ecr-key", "KMS encrypts a repository's images with a key of one's own.", _KINDS,
          "encryptionConfigurations[].kmsKey", TEXT, severity=Severity.MEDIUM, frameworks=hub("ECR.5")),
    companion("ecr-lifecycle", "A repository has a lifecycle.", REPOSITORY, REPOSITORY_LIFECYCLE,
              "repository", remedy="Add a LifecyclePolicy for this repository.", severity=Severity.MEDIUM,
              frameworks=hub("ECR.3")),
    companion("ecr-policy", "Of a repository it is said who may pull and push.", REPOSITORY,
              REPOSITORY_POLICY, "repository", remedy="Add a RepositoryPolicy for this repository.",
              severity=Severity.MEDIUM),
    field("ecr-no-force", "A destroy does not empty a repository of production.", _KINDS, "forceDelete",
          NOT_YES, bad=True, fix=False, config=ProductionConfig),
    protected("ecr-protect", "The engine refuses to delete a repository of production.", _KINDS,
              config=ProductionConfig),
)  # fmt: skip
