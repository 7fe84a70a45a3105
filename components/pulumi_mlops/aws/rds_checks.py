"""What a database on RDS may be: pure functions that return the value or raise `InvalidValue`."""

import re
from collections.abc import Sequence
from datetime import date

from pulumi_mlops.errors import InvalidValue

STANDARD_SUPPORT_ENDS = {
    "15": date(2028, 2, 29),
    "16": date(2029, 2, 28),
    "17": date(2030, 2, 28),
}
"""Major versions of RDS for PostgreSQL and the last day of their standard support.

Source: AWS, "Release calendars for Amazon RDS for PostgreSQL"; the table was made on 2026-11-28. A version's
support ends on the last day of the February after the community's last release of it (11: 2024-02-29,
12: 2025-02-28). 18 is not offered here: its `log_connections` takes other values than those before it.
"""


_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9])*")
_CLASS = re.compile(r"db\.[a-z][a-z0-9\-]*\.[a-z0-9\-]+")
_SQL_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESERVED = frozenset({"admin", "db", "rdsadmin", "rdsproxyadmin", "rds_superuser"})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_DAILY = re.compile(rf"{_CLOCK}-{_CLOCK}")
_WEEKLY = re.compile(rf"({'|'.join(_DAYS)}):{_CLOCK}-({'|'.join(_DAYS)}):{_CLOCK}")
_DAY = 24 * 60
_LEAST_GIB, _MOST_GIB = 20, 65536


def identifier(value: str) -> str:
    """The name of an instance: it is unique in its account and region, and part of its host name."""
    if not _IDENTIFIER.fullmatch(value) or len(value) > 57:
        raise InvalidValue(
            f"{value!r} is no identifier of a database instance; allowed are lower-case letters, digits and "
            "single inner hyphens, a letter first, at most 57 characters (`-final` is put after it)"
        )
    return value


def snapshot(value: str) -> str:
    """The name of a snapshot."""
    if not _IDENTIFIER.fullmatch(value) or len(value) > 255:
        raise InvalidValue(
            f"{value!r} is no name of a snapshot; allowed are lower-case letters, digits and single inner "
            "hyphens, a letter first"
        )
    return value


def instance_class(value: str) -> str:
    """A class of instances, such as `db.m7g.large`."""
    if not _CLASS.fullmatch(value):
        raise InvalidValue(f"{value!r} is no class of database instances; one looks like db.m7g.large")
    return value


def sql_name(value: str) -> str:
    """The name of a database or of its owner, one that RDS does not keep for itself."""
    if not _SQL_NAME.fullmatch(value) or value in _RESERVED or value.startswith("pg_"):
        raise InvalidValue(
            f"{value!r} cannot be a name in the database; allowed are up to 63 lower-case letters, digits "
            "and underscores, a letter first, but for what begins with pg_ and "
            f"{', '.join(sorted(_RESERVED))}"
        )
    return value


def version(value: str, today: date) -> str:
    """A major version of PostgreSQL in its standard support; RDS chooses and updates the minor one."""
    offered = sorted(known for known, end in STANDARD_SUPPORT_ENDS.items() if today <= end)
    if value in offered:
        return value
    end = STANDARD_SUPPORT_ENDS.get(value)
    reason = f"left standard support on {end}" if end else "is no major version that is offered here"
    raise InvalidValue(
        f"PostgreSQL {value!r} {reason}; allowed are {', '.join(offered)}, without a minor version"
    )


def storage(gib: int, maximum_gib: int) -> tuple[int, int]:
    """(GiB at first, GiB up to which RDS grows by itself); RDS wants the second a tenth larger or more."""
    if not _LEAST_GIB <= gib <= _MOST_GIB:
        raise InvalidValue(f"{gib} GiB of storage are not possible; allowed is {_LEAST_GIB} to {_MOST_GIB}")
    if not gib * 11 <= maximum_gib * 10 <= _MOST_GIB * 10:
        raise InvalidValue(
            f"storage of {gib} GiB cannot grow to {maximum_gib} GiB at most; allowed is {-(-gib * 11 // 10)} "
            f"to {_MOST_GIB}, so that a full disk does not stop the database"
        )
    return gib, maximum_gib


def backup_days(value: int, *, production: bool) -> int:
    """For how many days any moment can be restored: at least 7 in production, else at least 1; at most 35."""
    least = 7 if production else 1
    if not least <= value <= 35:
        where = "production" if production else "an environment that is not production"
        raise InvalidValue(
            f"backups of {value} days are not possible; {where} keeps them for {least} to 35 days"
        )
    return value


def multi_az(value: bool, *, production: bool) -> bool:
    """Whether a standby in another zone takes over; production always has one."""
    if production and not value:
        raise InvalidValue("a production database needs a standby in another zone; leave multi_az out")
    return value


def subnets(ids: Sequence[str]) -> list[str]:
    """Subnets in two zones or more: RDS takes no fewer, even for one instance."""
    if len(set(ids)) < 2:
        raise InvalidValue(f"{len(set(ids))} subnets are too few; give one in each of at least two zones")
    return list(ids)


def windows(backup: str, maintenance: str) -> tuple[str, str]:
    """(daily window of backups, weekly one of maintenance), both in UTC, that do not overlap.

    Raises InvalidValue: one is malformed, shorter than RDS's 30 minutes, or they overlap.
    """
    daily, weekly = _DAILY.fullmatch(backup), _WEEKLY.fullmatch(maintenance)
    if daily is None:
        raise InvalidValue(f"{backup!r} is no daily window; one looks like 02:00-03:00, in UTC")
    if weekly is None:
        raise InvalidValue(f"{maintenance!r} is no weekly window; one looks like sun:03:30-sun:04:30, in UTC")
    begin, length = _span(_minutes(*daily.groups()[:2]), _minutes(*daily.groups()[2:]), _DAY)
    first_day, *first = weekly.groups()[:3]
    last_day, *last = weekly.groups()[3:]
    start, lasting = _span(
        _DAYS.index(first_day) * _DAY + _minutes(*first),
        _DAYS.index(last_day) * _DAY + _minutes(*last),
        7 * _DAY,
    )
    if min(length, lasting) < 30 or lasting >= _DAY:
        raise InvalidValue(
            f"{backup} and {maintenance} must each last 30 minutes or more, and less than a day"
        )
    if (start - begin) % _DAY < length or (begin - start) % _DAY < lasting:
        raise InvalidValue(
            f"the backups of {backup} and the maintenance of {maintenance} overlap; RDS refuses that"
        )
    return backup, maintenance


def _minutes(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)


def _span(begin: int, end: int, cycle: int) -> tuple[int, int]:
    return begin, (end - begin) % cycle


def memory_gib(instance_class: str) -> float:
    """Memory of an RDS class of the families t, m and r (AWS, "DB instance class types").

    Raises `InvalidValue` for any other.
    """
    parts = instance_class.split(".")
    sizes = {"micro": 1.0, "small": 2.0, "medium": 4.0, "large": 8.0, "xlarge": 16.0}
    sizes |= {f"{times}xlarge": 16.0 * times for times in (2, 4, 8, 12, 16, 24)}
    if len(parts) != 3 or parts[1][:1] not in "tmr" or parts[2] not in sizes:
        raise InvalidValue(
            f"{instance_class!r} is no class whose memory is known here; allowed are those of the families "
            "t, m and r, such as db.t4g.medium"
        )
    return sizes[parts[2]] * (2 if parts[1][0] == "r" else 1)
