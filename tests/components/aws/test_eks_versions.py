from __future__ import annotations

from datetime import date

import pytest

from pulumi_mlops.aws import eks_versions
from pulumi_mlops.errors import InvalidValue

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize("version", ["1.34", "1.35", "1.36"])
def test_a_version_in_standard_support_is_taken(version: str) -> None:
    assert eks_versions.supported(version, TODAY) == version


def test_support_lasts_to_the_end_of_its_last_day() -> None:
    assert eks_versions.supported("1.34", date(2026, 12, 2)) == "1.34"
    with pytest.raises(InvalidValue) as caught:
        eks_versions.supported("1.34", date(2026, 12, 3))
    assert str(caught.value) == (
        "standard support of Kubernetes 1.34 on EKS ended on 2026-12-02; in standard support on 2026-12-03: "
        "1.35 and 1.36. Go up by one minor version at a time (docs/aws-cluster.md)"
    )


@pytest.mark.parametrize("version", ["1.99", "1.36.4", "latest", ""])
def test_an_unknown_version_is_refused_with_those_that_are_known(version: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        eks_versions.supported(version, TODAY)
    assert str(caught.value) == (
        f"{version!r} is no Kubernetes version whose support by EKS is known; in standard support on "
        "2026-11-28: 1.34 and 1.35 and 1.36"
    )


def test_a_table_that_has_run_out_says_so() -> None:
    with pytest.raises(InvalidValue, match=r"none of those known here; bring eks_versions\.py up to date"):
        eks_versions.supported("1.36", date(2030, 1, 1))


def test_every_known_version_has_six_pinned_addons() -> None:
    names = [
        "aws-ebs-csi-driver",
        "coredns",
        "eks-pod-identity-agent",
        "kube-proxy",
        "metrics-server",
        "vpc-cni",
    ]
    for version in eks_versions.STANDARD_SUPPORT_ENDS:
        pinned = eks_versions.addons(version, {})
        assert list(pinned) == names
        assert pinned["kube-proxy"].startswith(f"v{version}.")


def test_a_chosen_version_goes_before_the_pinned_one() -> None:
    pinned = eks_versions.addons("1.36", {})
    chosen = eks_versions.addons("1.36", {"vpc-cni": "v1.23.1-eksbuild.1"})
    assert chosen == {**pinned, "vpc-cni": "v1.23.1-eksbuild.1"}


def test_what_is_no_addon_or_no_version_is_refused() -> None:
    with pytest.raises(
        InvalidValue, match="there is no add-on 'calico' here; allowed are aws-ebs-csi-driver, "
    ):
        eks_versions.addons("1.36", {"calico": "v1.0.0-eksbuild.1"})
    with pytest.raises(InvalidValue) as caught:
        eks_versions.addons("1.36", {"coredns": "latest"})
    assert str(caught.value) == (
        "'latest' is no version of the add-on coredns; one looks like v1.14.3-eksbuild.23; `aws eks "
        "describe-addon-versions --addon-name coredns --kubernetes-version 1.36` lists them"
    )
