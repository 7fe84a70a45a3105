"""The Kubernetes versions that EKS supports, until when, and the add-ons pinned for each. Pure.

Days: AWS, "Understand the Kubernetes version lifecycle on EKS", calendar of releases, as endoflife.date
carries it (amazon-eks; 1.33 to 1.35 in its page of 2026-02, 1.36 in a later copy of its data), read on
2026-11-28.
Add-ons: versions that clusters of these Kubernetes versions reported from `aws eks describe-addon-versions`
between 2026-08-27 and 2026-09-24, read on 2026-11-28.  `mlops doctor aws` asks the account for today's.
"""

import re
from collections.abc import Mapping
from datetime import date

from pulumi_mlops.errors import InvalidValue

STANDARD_SUPPORT_ENDS: Mapping[str, date] = {
    "1.33": date(2026, 7, 29),
    "1.34": date(2026, 12, 2),
    "1.35": date(2027, 3, 27),
    "1.36": date(2027, 8, 2),
}
"""Last day of standard support, by minor version."""

KARPENTER = "1.14.1"
"""Chart of Karpenter; 1.13 and later go with Kubernetes 1.36, 1.9 and later with 1.35."""

BOTTLEROCKET = "v1.64.0"
"""Release of the nodes' operating system; it has images for Kubernetes 1.33 to 1.36."""

_FOR_ALL = {
    "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "metrics-server": "v0.9.0-eksbuild.11",
    "vpc-cni": "v1.22.4-eksbuild.3",
}
_FOR_ONE: Mapping[str, Mapping[str, str]] = {
    "1.33": {"coredns": "v1.12.4-eksbuild.29", "kube-proxy": "v1.33.10-eksbuild.21"},
    "1.34": {"coredns": "v1.12.4-eksbuild.29", "kube-proxy": "v1.34.6-eksbuild.21"},
    "1.35": {"coredns": "v1.13.2-eksbuild.21", "kube-proxy": "v1.35.3-eksbuild.21"},
    "1.36": {"coredns": "v1.14.3-eksbuild.23", "kube-proxy": "v1.36.0-eksbuild.25"},
}
_ADDON_VERSION = re.compile(r"v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+")


def supported(version: str, today: date) -> str:
    """The Kubernetes version (`1.36`), if EKS has it in standard support on that day.

    Raises:
        InvalidValue: it is unknown here, or standard support has ended: EKS then takes more for each hour, or
            upgrades the cluster by itself.
    """
    usable = [known for known, end in STANDARD_SUPPORT_ENDS.items() if end >= today]
    allowed = " and ".join(usable) if usable else "none of those known here; bring eks_versions.py up to date"
    end = STANDARD_SUPPORT_ENDS.get(version)
    if end is None:
        raise InvalidValue(
            f"{version!r} is no Kubernetes version whose support by EKS is known; in standard support on "
            f"{today.isoformat()}: {allowed}"
        )
    if end < today:
        raise InvalidValue(
            f"standard support of Kubernetes {version} on EKS ended on {end.isoformat()}; in standard "
            f"support on {today.isoformat()}: {allowed}. "
            "Go up by one minor version at a time (docs/aws-cluster.md)"
        )
    return version


def addons(version: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Version of every add-on for one Kubernetes version, by name; `chosen` goes before what is pinned here.

    Raises:
        InvalidValue: an add-on that the cluster does not have, or what is no version of one.
    """
    pinned = {**_FOR_ALL, **_FOR_ONE[version]}
    if unknown := sorted(set(chosen) - set(pinned)):
        raise InvalidValue(f"there is no add-on {unknown[0]!r} here; allowed are {', '.join(sorted(pinned))}")
    for name, wanted in chosen.items():
        if not _ADDON_VERSION.fullmatch(wanted):
            raise InvalidValue(
                f"{wanted!r} is no version of the add-on {name}; one looks like {pinned[name]}; `aws eks "
                f"describe-addon-versions --addon-name {name} --kubernetes-version {version}` lists them"
            )
    return dict(sorted({**pinned, **chosen}.items()))
