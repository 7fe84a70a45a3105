"""Checks of single plain values: pure functions that return the value or raise `InvalidValue`.

Components use them on their arguments (through `inputs.checked`), the stack program on its settings.
"""

import ipaddress
import re
import zoneinfo
from urllib.parse import urlsplit

from pulumi_mlops.errors import InvalidValue

FOLLOW_RELEASES = "release"
"""The model version that stands for "whatever the release log says"."""

ON_CPU, ON_CONCURRENCY = "cpu", "concurrency"

HOLD_SECONDS = 60
"""How long a request waits for a pod where nothing else is set."""

_DIGEST_REFERENCE = re.compile(r"[a-z0-9.\-]+(:[0-9]+)?(/[a-z0-9._\-]+)+(:[\w.\-]+)?@sha256:[0-9a-f]{64}")
_IMAGE_PREFIX = re.compile(r"[a-z0-9.\-]+(:[0-9]+)?/([a-z0-9._\-]+/)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OBJECT_NAME = re.compile(r"[a-z]([a-z0-9\-]*[a-z0-9])?")
_QUANTITY = re.compile(r"([0-9]+|[0-9]*\.[0-9]+)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")
_RULE_FILE = re.compile(r"[a-z0-9][a-z0-9.\-]*\.yaml")
_LABEL_PART = r"[A-Za-z0-9]([A-Za-z0-9_.\-]{0,61}[A-Za-z0-9])?"
_LABEL_NAME = re.compile(rf"([a-z0-9][a-z0-9.\-]{{0,252}}/)?{_LABEL_PART}")
_LABEL_VALUE = re.compile(rf"({_LABEL_PART})?")
_DURATION = re.compile(r"([1-9][0-9]*)(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_HTTP_URL = re.compile(r"https?://[\w.\-]+(:[1-9][0-9]{0,4})?(/[^\s?#]*)?")
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,\-?]+")
_MEMORY_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15} | {
    f"{letter}i": 1024**power for power, letter in enumerate("KMGTP", start=1)
}
_LONGEST_OBJECT_NAME = 40


SERVER_SETTINGS_OF_COMPONENT = frozenset(
    {
        "MLOPS_ADMIN_PORT",
        "MLOPS_CACHE_DIR",
        "MLOPS_DRAIN_SECONDS",
        "MLOPS_GRPC_PORT",
        "MLOPS_HTTP_PORT",
        "MLOPS_MODELS",
        "MLOPS_OTLP_ENDPOINT",
        "MLOPS_POLL_SECONDS",
        "MLOPS_REQUEST_TIMEOUT_SECONDS",
        "MLOPS_STORE_BUCKET",
        "MLOPS_STORE_URL",
        "MLOPS_TRACE_SAMPLE",
        "MLOPS_WORKERS",
    }
)


def image_by_digest(value: str) -> str:
    """An image reference that names one content: `registry/path@sha256:<64 hex digits>`."""
    if not _DIGEST_REFERENCE.fullmatch(value):
        raise InvalidValue(
            f"{value!r} does not name an image by digest; allowed is registry/path@sha256:<64 hex digits>. "
            "A tag alone can change under a running platform: resolve it to its digest first."
        )
    return value


def image_or_digest(value: str) -> str:
    """The same, or the digest alone, of an image in a registry that is known from elsewhere."""
    return value if _DIGEST.fullmatch(value) else image_by_digest(value)


def image_prefix(value: str) -> str:
    """Where images may come from: `registry/` or `registry/path/`."""
    if not _IMAGE_PREFIX.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is not a place of images; allowed is registry/path/ with a slash at its end, without "
            "which a neighbour's longer name would be allowed too"
        )
    return value


def object_name(value: str) -> str:
    """A name for Kubernetes objects: an RFC 1035 label short enough to carry suffixes (40 characters)."""
    if not _OBJECT_NAME.fullmatch(value) or len(value) > _LONGEST_OBJECT_NAME:
        raise InvalidValue(
            f"{value!r} is not a name for Kubernetes objects; allowed are lower-case letters, digits and "
            f"inner hyphens, a letter first, at most {_LONGEST_OBJECT_NAME} characters"
        )
    return value


def label_name(value: str) -> str:
    """The name of a Kubernetes label, with or without a prefix: `release`, `example.org/team`."""
    if not _LABEL_NAME.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no name of a label; allowed are up to 63 letters, digits, hyphens, dots and "
            "underscores, after a domain and a slash if need be, such as release or example.org/team"
        )
    return value


def label_value(value: str) -> str:
    """The value of a Kubernetes label, which may be empty."""
    if not _LABEL_VALUE.fullmatch(value):
        raise InvalidValue(
            f"{value!r} cannot be a label's value; allowed are up to 63 letters, digits, hyphens, dots and "
            "underscores, a letter or digit first and last"
        )
    return value


def rule_file_name(value: str) -> str:
    """The name of a Prometheus rule file: `platform.yaml`."""
    if not _RULE_FILE.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no name of a rule file; allowed are lower-case letters, digits, hyphens and dots, "
            "and .yaml at the end: Prometheus would not read it"
        )
    return value


def server_setting(name: str) -> str:
    """A variable of the model server that the component does not set by itself."""
    if not re.fullmatch(r"MLOPS_[A-Z][A-Z_]*", name) or name in SERVER_SETTINGS_OF_COMPONENT:
        raise InvalidValue(
            f"{name!r} is no server setting that can be given; allowed are the MLOPS_ variables of "
            f"docs/serving-reference.md but for {', '.join(sorted(SERVER_SETTINGS_OF_COMPONENT))}, "
            "which the component sets"
        )
    return name


def model_version(value: str) -> str:
    """`release` (follow the release log) or a decimal version number such as `7`."""
    if value != FOLLOW_RELEASES and not re.fullmatch(r"[1-9][0-9]*", value):
        raise InvalidValue(
            f"{value!r} is not a model version; allowed are 'release' (follow the release log) or a "
            "version number such as '7'"
        )
    return value


def cpu_quantity(value: str) -> str:
    """Processor time in Kubernetes' notation: cores (`1`, `0.5`) or thousandths (`100m`)."""
    match = _QUANTITY.fullmatch(value)
    if not match or match[2] not in (None, "m") or float(match[1]) == 0:
        raise InvalidValue(
            f"{value!r} is not an amount of CPU; allowed are cores (1, 0.5) or millicores (100m)"
        )
    return value


def bytes_quantity(value: str) -> str:
    """Memory or disk in Kubernetes' notation, with a unit: `512Mi`, `10Gi`, `2G`."""
    match = _QUANTITY.fullmatch(value)
    if not match or match[2] in (None, "m") or float(match[1]) == 0:
        raise InvalidValue(
            f"{value!r} is not an amount of bytes; allowed is a number with a unit, such as 512Mi or 10Gi"
        )
    return value


def bytes_of(value: str) -> int:
    """The number of bytes in a quantity that `bytes_quantity` accepts."""
    match = _QUANTITY.fullmatch(bytes_quantity(value))
    return int(float(match[1]) * _MEMORY_UNITS[match[2] or ""]) if match else 0


def duration(value: str) -> str:
    """A length of time: a whole number and s, m or h (`10s`, `30m`, `2h`)."""
    if not _DURATION.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is not a length of time; allowed is a whole number and s, m or h, such as 30s"
        )
    return value


def seconds_of(value: str) -> int:
    """The number of seconds in a duration that `duration` accepts."""
    match = _DURATION.fullmatch(duration(value))
    return int(match[1]) * _SECONDS[match[2]] if match else 0


def cron_schedule(value: str) -> str:
    """A five-field cron line as the CronJob controller reads it, in UTC: `0 3 * * 1`."""
    fields = value.split()
    if len(fields) != 5 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
        raise InvalidValue(
            f"{value!r} is not a schedule; allowed are five cron fields (minute hour day month "
            "weekday), such as '0 3 * * 1'"
        )
    return value


def scaling_signal(value: str) -> str:
    """What the number of pods follows: `cpu` or `concurrency`."""
    if value not in (ON_CPU, ON_CONCURRENCY):
        raise InvalidValue(f"{value!r} cannot be scaled on; allowed are {ON_CPU} and {ON_CONCURRENCY}")
    return value


def stabilization_seconds(value: int) -> int:
    """How long an autoscaler may wait for its measurements to agree: 0 to 3600 s."""
    if not 0 <= value <= 3600:
        raise InvalidValue(f"{value} s of stabilization are not possible; allowed is 0 to 3600 s")
    return value


def step_seconds(value: int) -> int:
    """The period in which an autoscaler's step is allowed: 1 to 1800 s."""
    if not 1 <= value <= 1800:
        raise InvalidValue(f"a period of {value} s is not possible; allowed is 1 to 1800 s")
    return value


def time_zone(value: str) -> str:
    """A name of the time zone database, such as `UTC` or `Europe/Berlin`."""
    # A machine without the database cannot tell; the one that scales has it in the program.
    known = zoneinfo.available_timezones()
    if value != "UTC" and known and value not in known:
        raise InvalidValue(f"{value!r} is not a time zone; allowed are names such as UTC or Europe/Berlin")
    return value


def node_port(value: int) -> int:
    """A port in Kubernetes' default NodePort range, 30000 to 32767."""
    if not 30000 <= value <= 32767:
        raise InvalidValue(f"{value} is not a NodePort; allowed is 30000 to 32767")
    return value


def positive(value: int) -> int:
    """A whole number of at least one."""
    if value < 1:
        raise InvalidValue(f"{value} is too small; allowed is a whole number from 1")
    return value


def zero_or_more(value: int) -> int:
    """A whole number that is not negative."""
    if value < 0:
        raise InvalidValue(f"{value} is too small; allowed is a whole number from 0")
    return value


def idle_seconds(value: int) -> int:
    """How long nobody must have asked before the last pod goes: 30 s to a day."""
    if not 30 <= value <= 86400:
        raise InvalidValue(f"{value} s is not allowed; allowed are 30 s to 24 h, such as 5m")
    return value


def hold_seconds(value: int) -> int:
    """How long a request may wait for a pod: 1 to 600 s; HOLD_SECONDS by default."""
    if not 1 <= value <= 600:
        raise InvalidValue(f"{value} s is not allowed; allowed are 1 s to 10 m, such as 60s")
    return value


def percent(value: int) -> int:
    """A percentage from 1 to 100."""
    if not 1 <= value <= 100:
        raise InvalidValue(f"{value} is not a percentage; allowed is 1 to 100")
    return value


def ratio(value: float) -> float:
    """A part of a whole, from 0 to 1."""
    if not 0 <= value <= 1:
        raise InvalidValue(f"{value} is no part of a whole; allowed is 0 to 1, such as 0.01 for one percent")
    return value


def http_url(value: str) -> str:
    """An address that HTTP reaches, without a query: `http://host:port`."""
    if not _HTTP_URL.fullmatch(value):
        raise InvalidValue(
            f"{value!r} is no address; allowed is http:// or https://, a host and if need be a port, such as "
            "http://otel-collector.mlops-system.svc:4318"
        )
    return value


def grpc_url(value: str) -> str:
    """An address that gRPC reaches: `http(s)://host:port`, and nothing after it."""
    if urlsplit(http_url(value)).path:
        raise InvalidValue(f"{value!r} has a path, which OTLP over gRPC has none of; leave it out")
    return value


def address_block(value: str) -> str:
    """A block of IP addresses in CIDR notation: `10.0.0.0/28`."""
    try:
        known = "/" in value and ipaddress.ip_network(value)
    except ValueError:
        known = False
    if not known:
        raise InvalidValue(
            f"{value!r} is no block of addresses; allowed is one such as 10.0.0.0/28, or 10.0.0.1/32 for a "
            "single address"
        )
    return value
