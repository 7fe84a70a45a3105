"""Read-only checks of a cluster that is there: state, version skew, add-ons, reachability."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from mlops_cli.aws import reach, skew
from mlops_cli.aws.access import Account, code_of
from mlops_cli.aws.findings import Finding, ok, warn
from mlops_cli.aws.needs import AwsNeeds

Connect = Callable[[str, int, str], None]


def describe(account: Account, name: str) -> dict[str, Any] | None:
    """The cluster as EKS describes it; None when there is none of that name."""
    from botocore.exceptions import ClientError

    try:
        return dict(account.client("eks").describe_cluster(name=name)["cluster"])
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise


def cluster(account: Account, needs: AwsNeeds, connect: Connect = reach.connect) -> Iterator[Finding]:
    """Everything about the cluster, or that there is none yet."""
    if needs.cluster_name is None:
        return
    eks = account.client("eks")
    found = describe(account, needs.cluster_name)
    wanted = needs.kubernetes_version
    if found is None:
        yield ok("cluster", f"{needs.cluster_name} is not there; `mlops up` makes it")
        if wanted is not None:
            yield skew.support(wanted, support_status(eks, wanted))
        return
    if found["status"] == "ACTIVE":
        yield ok("cluster", f"{needs.cluster_name} is active")
    else:
        yield warn(
            "cluster",
            f"{needs.cluster_name} is {found['status']}",
            "wait until it is ACTIVE before `mlops up`",
        )
    running = found["version"]
    yield skew.control_plane(running, wanted)
    yield skew.support(wanted or running, support_status(eks, wanted or running))
    yield from skew.node_groups(running, wanted, group_versions(eks, needs.cluster_name))
    yield from add_ons(eks, needs.cluster_name, wanted or running)
    yield reachable(found, connect)


def support_status(eks: Any, version: str) -> str | None:
    """EKS's word on a version; None when it does not know it."""
    from botocore.exceptions import ClientError

    try:
        listed = eks.describe_cluster_versions(clusterVersions=[version])["clusterVersions"]
    except ClientError as error:
        if code_of(error) in {"InvalidParameterException", "ResourceNotFoundException"}:
            return None
        raise
    return next((each.get("versionStatus") or each.get("status") for each in listed), None)


def group_versions(eks: Any, name: str) -> dict[str, str]:
    """The Kubernetes version of each node group."""
    pages = eks.get_paginator("list_nodegroups").paginate(clusterName=name)
    names = [each for page in pages for each in page["nodegroups"]]
    described = [eks.describe_nodegroup(clusterName=name, nodegroupName=each)["nodegroup"] for each in names]
    return {each["nodegroupName"]: each["version"] for each in described}


def add_ons(eks: Any, name: str, kubernetes: str) -> Iterator[Finding]:
    """Each add-on's version against the Kubernetes version that will run."""
    pages = eks.get_paginator("list_addons").paginate(clusterName=name)
    for add_on in sorted(each for page in pages for each in page["addons"]):
        found = eks.describe_addon(clusterName=name, addonName=add_on)["addon"]
        listed = eks.describe_addon_versions(addonName=add_on, kubernetesVersion=kubernetes)["addons"]
        compatible = [version["addonVersion"] for each in listed for version in each["addonVersions"]]
        yield skew.add_on(add_on, found["addonVersion"], kubernetes, compatible)
        for issue in found.get("health", {}).get("issues", []):
            yield warn(
                f"add-on {add_on}",
                f"{issue['code']}: {issue['message']}",
                f"`aws eks describe-addon --cluster-name {name} --addon-name {add_on}`",
            )


def reachable(found: dict[str, Any], connect: Connect) -> Finding:
    """Whether this machine reaches the cluster's endpoint."""
    address = urlsplit(found["endpoint"])
    authority = base64.b64decode(found["certificateAuthority"]["data"]).decode("ascii", "ignore")
    network = found["resourcesVpcConfig"]
    error: OSError | None = None
    try:
        connect(address.hostname or "", address.port or 443, authority)
    except OSError as caught:
        error = caught
    return reach.verdict(
        address.hostname or found["endpoint"],
        error,
        public=network.get("endpointPublicAccess", False),
        allowed=network.get("publicAccessCidrs", []),
    )
