"""Versions of Kubernetes against each other. Pure.

Rules: the control plane goes up one minor version at a time and never down; a kubelet is never newer than
the control plane and at most three minor versions older (kubernetes.io, Version Skew Policy; Amazon EKS User
Guide, "Update existing cluster to new Kubernetes version").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlops_cli.aws.findings import Finding, fail, ok, warn

KUBELET_BEHIND = 3


def minor(version: str) -> int:
    """The minor number of `1.34` or `v1.34.1-eks-abc`."""
    return int(version.lstrip("v").split(".")[1])


def control_plane(running: str, wanted: str | None) -> Finding:
    """The version in the settings against the one that runs."""
    check = "version of the control plane"
    if wanted is None or wanted == running:
        return ok(check, running)
    steps = minor(wanted) - minor(running)
    if steps < 0:
        return fail(
            check,
            f"{running} runs, the settings say {wanted}, and AWS never goes down",
            f"set mlops:cluster.version to {running}",
        )
    if steps > 1:
        return fail(
            check,
            f"{running} runs, the settings say {wanted}, and AWS goes up one minor version at a time",
            f"set mlops:cluster.version to 1.{minor(running) + 1}, `mlops up`, then the next",
        )
    return ok(check, f"{running} runs, `mlops up` takes it to {wanted}")


def node_groups(running: str, wanted: str | None, groups: Mapping[str, str]) -> Iterator[Finding]:
    """The versions of node groups against the control plane, now and after the update."""
    after = wanted or running
    for name, version in sorted(groups.items()):
        check, behind = f"version of node group {name}", minor(running) - minor(version)
        if behind < 0:
            yield fail(
                check,
                f"{version}, newer than the control plane's {running}",
                f"`mlops up` with mlops:cluster.version {version} first",
            )
        elif minor(after) - minor(version) > KUBELET_BEHIND:
            yield fail(
                check,
                f"{version} is more than {KUBELET_BEHIND} minor versions behind {after}",
                f"update the nodes to {running} before the control plane goes on",
            )
        elif behind > 0:
            yield warn(
                check, f"{version}, behind the control plane's {running}", "`mlops up` replaces the nodes"
            )
        else:
            yield ok(check, version)


def add_on(name: str, version: str, kubernetes: str, compatible: list[str]) -> Finding:
    """One add-on's version against those that AWS lists for a Kubernetes version, newest first."""
    check = f"add-on {name}"
    if version in compatible:
        return ok(check, version)
    newest = compatible[0] if compatible else "none"
    return fail(
        check,
        f"{version} is not made for Kubernetes {kubernetes}",
        f"set its version in the settings to {newest}" if compatible else "remove it before the update",
    )


def support(version: str, status: str | None) -> Finding:
    """AWS's own word on a version: in standard support, extended (dearer), or none."""
    check = "support of the Kubernetes version"
    if status is None:
        return fail(
            check, f"EKS does not know {version}", "`aws eks describe-cluster-versions` lists those it has"
        )
    word = status.upper().replace("-", "_")
    if word == "STANDARD_SUPPORT":
        return ok(check, f"{version} is in standard support")
    if word == "EXTENDED_SUPPORT":
        return warn(
            check,
            f"{version} is in extended support, for which AWS charges six times the price of a cluster",
            "go up a minor version",
        )
    return fail(check, f"{version} is out of support", "go up a minor version")
