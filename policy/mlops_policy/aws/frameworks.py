"""Controls of compliance frameworks that the rules about AWS cover. Pure.

Sources: AWS Security Hub User Guide, chapters "Controls for …", with the "Related requirements" that each
control states; CIS Amazon EKS Benchmark 1.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlops_policy.rules import Framework

SECURITY_HUB: Final = "AWS Security Hub"
NIST: Final = "NIST 800-53 rev 5"
CIS_EKS: Final = "CIS EKS 1.5"
RELATED: Final[Mapping[str, tuple[str, ...]]] = {
    "EC2.2": ("AC-4", "SC-7"),
    "EC2.6": ("AU-2", "AU-3", "AU-12", "CA-7"),
    "EC2.15": ("AC-3", "AC-4", "AC-6", "AC-21", "SC-7"),
    "ECR.1": ("RA-5",),
    "ECR.2": ("CM-2",),
    "ECR.3": ("CM-2",),
    "EKS.1": ("AC-3", "AC-4", "AC-6", "AC-21", "SC-7"),
    "EKS.2": ("CM-2", "SI-2"),
    "KMS.4": ("SC-12",),
    "RDS.2": ("AC-4", "SC-7"),
    "RDS.3": ("SC-13", "SC-28"),
    "RDS.5": ("CP-10", "SC-36"),
    "RDS.6": ("CA-7", "SI-2"),
    "RDS.8": ("CM-3",),
    "RDS.9": ("AU-2", "AU-3", "AU-10", "AU-12", "CA-7"),
    "RDS.10": ("AC-3", "AC-6"),
    "RDS.11": ("CP-6", "CP-9", "CP-10", "SI-12"),
    "RDS.13": ("SI-2",),
    "RDS.17": ("CM-2",),
    "S3.5": ("AC-4", "SC-8", "SC-13", "SC-23"),
    "S3.8": ("AC-3", "AC-4", "AC-6", "AC-21", "SC-7"),
    "S3.9": ("AU-2", "AU-3", "AU-10", "AU-12", "CA-7"),
    "S3.10": ("CP-9", "CP-10"),
    "S3.12": ("AC-3", "AC-6"),
    "S3.13": ("CP-9", "CP-10"),
    "S3.14": ("CP-6", "CP-9", "CP-10", "SI-12"),
}
"""NIST controls that Security Hub says a control of its own is of, without their enhancements.

A control that is not here is either said to be of none, or what it is said to be of was not read.
"""


def hub(*controls: str) -> tuple[Framework, ...]:
    """Controls of Security Hub, and those of NIST that it says they are of."""
    related = dict.fromkeys(other for control in controls for other in RELATED.get(control, ()))
    own = tuple(Framework(SECURITY_HUB, control) for control in controls)
    return (*own, *(Framework(NIST, control) for control in related))


def cis_eks(*controls: str) -> tuple[Framework, ...]:
    """Recommendations of the CIS benchmark for EKS."""
    return tuple(Framework(CIS_EKS, control) for control in controls)
