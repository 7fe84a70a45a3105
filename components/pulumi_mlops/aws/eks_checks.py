"""Checks of an EKS cluster's plain values: pure functions that return the value or raise `InvalidValue`."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from datetime import date

from pulumi_mlops.errors import InvalidValue

_CLUSTER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]{0,29}")
_ROLE = re.compile(r"arn:aws[a-z\-]*:iam::[0-9]{12}:role/[\w+=,.@/\-]+")
_SIZE = r"(nano|micro|small|medium|large|[0-9]*xlarge|metal(-[0-9]+xl)?)"
_FAMILY = r"[a-z]+-?[0-9]+[a-z0-9\-]*"
_INSTANCE_TYPE = re.compile(rf"{_FAMILY}\.{_SIZE}")
_CATEGORY = re.compile(r"[a-z]{1,4}")
_BOTTLEROCKET = re.compile(r"v[0-9]+\.[0-9]+\.[0-9]+")
_CHART_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_LIFETIME = re.compile(r"([0-9]+(s|m|h))+|Never")
_NODES_AT_ONCE = re.compile(r"(100|[1-9]?[0-9])%|[0-9]+")
_WIDEST = 8
_ENDPOINT = re.compile(r"https://[a-zA-Z0-9.\-]+")
_ARCHITECTURES = ("amd64", "arm64")


def cluster_name(value: str) -> str:
    """A cluster's name, short enough that a role's name can begin with it and the region (30 characters)."""
    if not _CLUSTER.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no name for a cluster; allowed are letters, digits, hyphens and underscores, "
            "a letter or digit first, at most 30 characters"
        )
    return value


def role_arn(value: str) -> str:
    """The ARN of an IAM role; an access entry takes no session of one, and no user is wanted."""
    if not _ROLE.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no ARN of a role; one looks like arn:aws:iam::123456789012:role/deployer. "
            "Of a session (assumed-role) give the role"
        )
    return value


def network(value: str) -> str:
    """A block of IPv4 addresses that may reach the API server, as CIDR; no wider than /8.

    Raises:
        InvalidValue: it is no block, or so wide that the endpoint would be open to the world.
    """
    try:
        block = ipaddress.IPv4Network(value)
    except ValueError:
        raise InvalidValue(
            f"{value!r} is no block of IPv4 addresses; one looks like 198.51.100.0/24"
        ) from None
    if block.prefixlen < _WIDEST:
        raise InvalidValue(
            f"{value} opens the API server to {block.num_addresses} addresses; allowed are blocks of "
            f"/{_WIDEST} and narrower: name the networks of those who deploy, or leave the list out"
        )
    return value


def endpoint(value: str) -> str:
    """The address of a cluster's API server."""
    if not _ENDPOINT.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no endpoint; one looks like https://0123.gr7.eu-central-1.eks.amazonaws.com"
        )
    return value


def instance_type(value: str) -> str:
    """A type of EC2 instance, such as `m7i.large`; whether the region has it is not judged."""
    if not _INSTANCE_TYPE.fullmatch(value):
        raise InvalidValue(f"{value!r} is no instance type; one looks like m7i.large")
    return value


def instance_family(value: str) -> str:
    """A family of EC2 instances, such as `g6`."""
    if not re.fullmatch(_FAMILY, value):
        raise InvalidValue(f"{value!r} is no family of instances; one looks like m7i")
    return value


def instance_category(value: str) -> str:
    """A category of EC2 instances: the letters before the generation, such as `m`."""
    if not _CATEGORY.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no category of instances; one is the letters of a family, such as m"
        )
    return value


def architecture(value: str) -> str:
    """A processor architecture: `amd64` or `arm64`."""
    if value not in _ARCHITECTURES:
        raise InvalidValue(
            f"{value!r} is no architecture of nodes; allowed are {' and '.join(_ARCHITECTURES)}"
        )
    return value


def bottlerocket(value: str) -> str:
    """A release of Bottlerocket, such as `v1.64.0`: "latest" would replace nodes whenever one comes out."""
    if not _BOTTLEROCKET.fullmatch(value):
        raise InvalidValue(f"{value!r} is no release of Bottlerocket; one looks like v1.64.0")
    return value


def chart_version(value: str) -> str:
    """A version of a chart, such as `1.14.1`; a range would upgrade by itself."""
    if not _CHART_VERSION.fullmatch(value):
        raise InvalidValue(f"{value!r} is no version of a chart; one looks like 1.14.1")
    return value


def lifetime(value: str) -> str:
    """A length of time in Karpenter's notation: `720h`, `1h30m`, or `Never`."""
    if not _LIFETIME.fullmatch(value):
        raise InvalidValue(f"{value!r} is no length of time; allowed are such as 720h, 1h30m and Never")
    return value


def drain(value: str) -> str:
    """How long a node may take to drain: a length of time with an end, or a destroy would have none."""
    if value == "Never":
        raise InvalidValue("a node that may drain for ever holds up a destroy for ever; give such as 30m")
    return lifetime(value)


def nodes_at_once(value: str) -> str:
    """How many nodes may be disrupted at once: `10%`, or a number."""
    if not _NODES_AT_ONCE.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no number of nodes; allowed are a percentage (10%) and a number (1)"
        )
    return value


def disk_gib(value: int) -> int:
    """Size of a node's disk for images and pods, in GiB."""
    if not 20 <= value <= 16384:
        raise InvalidValue(f"a disk of {value} GiB is not possible; allowed is 20 to 16384")
    return value


def day(value: str) -> date:
    """A day as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InvalidValue(f"{value!r} is no day; one looks like 2026-11-28") from None


def admins(found: Mapping[str, object]) -> None:
    """Refuses a cluster that nobody could apply an object to.

    Raises:
        InvalidValue: no admin is named.
    """
    if not found:
        raise InvalidValue(
            "a cluster without an admin can take no object, not even this program's: whoever creates it gets "
            "no access by that. Name the deployer's role, as in admins: {deployer: arn:aws:iam::...:role/...}"
        )


def roles(entering: Mapping[str, Mapping[str, object]]) -> None:
    """Refuses a role that enters twice: EKS has one entry for each.

    Args:
        entering: ARNs by name, by what they enter as (`admins`, `viewers`); an output is not looked at.

    Raises:
        InvalidValue: a role is named twice.
    """
    seen: dict[str, str] = {}
    for what, found in entering.items():
        for name, arn in found.items():
            if isinstance(arn, str) and arn in seen:
                raise InvalidValue(f"{arn} enters as {seen[arn]} and as {what}.{name}; name each role once")
            if isinstance(arn, str):
                seen[arn] = f"{what}.{name}"


def subnets(found: Collection[object]) -> None:
    """Refuses subnets in which EKS makes no control plane.

    Raises:
        InvalidValue: fewer than two.
    """
    if len(found) < 2:
        raise InvalidValue(f"EKS needs subnets in two zones or more; {len(found)} given")


def deployer(name: str, found: Collection[str]) -> str:
    """The name of the admin that deploys, which must be among the admins."""
    if name not in found:
        raise InvalidValue(f"{name!r} is no admin of the cluster; named are {', '.join(sorted(found))}")
    return name


def open_pool(kinds: Collection[str]) -> None:
    """Refuses node pools of which none takes ordinary pods.

    Raises:
        InvalidValue: all pools are of kinds that only pods with a toleration may use.
    """
    if not {"cpu", "memory"} & set(kinds):
        raise InvalidValue(
            f"pools of the kinds {sorted(set(kinds))} take only pods that ask for them, and system nodes "
            "take none of the platform's; add a pool of kind cpu or memory"
        )
