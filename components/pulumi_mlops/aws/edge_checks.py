"""What the edge may be asked for: names, networks, ciphers. Pure."""

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence

from pulumi_mlops.errors import InvalidValue

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.3, and 1.2 with forward secrecy."""
ANYWHERE = "0.0.0.0/0"
MOST_ENDPOINTS = 90
"""Rules that a listener may have is 100 by quota; some are left for hand."""
READINESS_GATE = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
"""Label of a namespace whose pods are ready only once the load balancer finds them healthy.

Source: AWS Load Balancer Controller, "Pod readiness gate".
"""
_MOST_NETWORKS = 25
"""A security group may have 60 rules by quota, and each network takes two."""
_WIDEST = 8
_PRIORITIES = 50_000

_LABEL = r"[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+[a-z][a-z0-9\-]*[a-z0-9]")
_ZONE_ID = re.compile(r"Z[A-Z0-9]{5,31}")
_TLS = re.compile(r"ELBSecurityPolicy-TLS13-1-[23](-Res)?(-FIPS)?(-PQ)?-20[0-9]{2}-[0-9]{2}")
_PATH = re.compile(r"/[A-Za-z0-9._~/\-]*")


def domain(value: str) -> str:
    """The name of a zone in lower case, without a dot at the end."""
    if not _DOMAIN.fullmatch(value) or len(value) > 253:
        raise InvalidValue(f"{value!r} is no domain; give it in lower case, such as ml.example.com")
    return value


def zone_id(value: str) -> str:
    """The id of a hosted zone, such as `Z0123456789ABC`."""
    if not _ZONE_ID.fullmatch(value):
        raise InvalidValue(f"{value!r} is no id of a hosted zone; one looks like Z0123456789ABCDEFGHIJ")
    return value


def health_path(value: str) -> str:
    """The path that is asked for whether a pod can answer."""
    if not _PATH.fullmatch(value):
        raise InvalidValue(f"{value!r} is no path; one begins with a slash and has no query")
    return value


def port(value: int) -> int:
    """A TCP port."""
    if not 1 <= value <= 65535:
        raise InvalidValue(f"{value} is no port; allowed is 1 to 65535")
    return value


def tls_policy(value: str) -> str:
    """A policy of TLS 1.3, with TLS 1.2 at most beside it."""
    if not _TLS.fullmatch(value):
        raise InvalidValue(
            f"{value!r} allows TLS below 1.2 or weak ciphers, or is unknown; allowed is {TLS_POLICY} "
            "or newer, such as ELBSecurityPolicy-TLS13-1-3-2021-06"
        )
    return value


def hosts(values: Sequence[str], zone: str) -> list[str]:
    """The names of endpoints: each its own, and one label below the zone, as the certificate covers.

    Raises:
        InvalidValue: a name is not below the zone or deeper, two are the same, or they are too many.
    """
    if len(values) > MOST_ENDPOINTS:
        raise InvalidValue(
            f"{len(values)} endpoints are more than one load balancer takes ({MOST_ENDPOINTS}); give some "
            "to an edge of their own"
        )
    for value in values:
        label, _, rest = value.partition(".")
        if rest != zone or not re.fullmatch(_LABEL, label):
            raise InvalidValue(
                f"{value!r} is not one label below {zone}, which is what the certificate covers; give "
                f"something like {label or 'price'}.{zone}"
            )
    twice = sorted({value for value in values if list(values).count(value) > 1})
    if twice:
        raise InvalidValue(f"{', '.join(twice)} is the name of two endpoints; give each its own")
    return list(values)


def networks(values: Iterable[str], *, public: bool) -> list[str]:
    """The networks that may ask, or everybody if `public`.

    Raises:
        InvalidValue: none is given and it is not public, or they are given and it is, one is no IPv4 network
            or nearly everybody, or they are too many.
    """
    given = list(values)
    if public:
        if given:
            raise InvalidValue(
                "public lets everybody ask, so this list says nothing; leave out one of the two"
            )
        return [ANYWHERE]
    if not given:
        raise InvalidValue("nobody could ask; list the networks that may, or say public: true for everybody")
    if len(given) > _MOST_NETWORKS:
        raise InvalidValue(
            f"{len(given)} networks are more than the rules of a security group allow ({_MOST_NETWORKS}); "
            "give wider ones"
        )
    return [_network(value) for value in given]


def priorities(names: Sequence[str]) -> dict[str, int]:
    """A listener rule's priority for each name, which others that come and go do not move.

    Rules of different names never match the same request, so only that priorities differ matters.
    """
    found: dict[str, int] = {}
    taken: set[int] = set()
    for name in sorted(names):
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % _PRIORITIES
        while number in taken:
            number = (number + 1) % _PRIORITIES
        taken.add(number)
        found[name] = number + 1
    return found


def _network(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise InvalidValue(f"{value!r} is no IPv4 network: {error}; one looks like 203.0.113.0/24") from error
    if network.prefixlen < _WIDEST:
        raise InvalidValue(
            f"{value!r} is nearly everybody; say public: true if that is meant, or give networks of "
            f"/{_WIDEST} or longer"
        )
    return str(network)
