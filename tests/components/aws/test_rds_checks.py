from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops.aws import rds_checks
from pulumi_mlops.errors import InvalidValue

TODAY = date(2026, 11, 28)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def weekly(minute: int) -> str:
    return f"{DAYS[minute // 1440 % 7]}:{clock(minute)}"


@pytest.mark.parametrize("value", ["mlops", "mlops-dev", "m1", "a" * 57])
def test_identifiers_that_rds_takes_are_taken(value: str) -> None:
    assert rds_checks.identifier(value) == value


@pytest.mark.parametrize("value", ["", "1mlops", "Mlops", "mlops-", "mlops--dev", "ml_ops", "a" * 58])
def test_identifiers_that_rds_refuses_are_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="is no identifier of a database instance"):
        rds_checks.identifier(value)


@pytest.mark.parametrize("value", ["", "1a", "A", "a-b", "admin", "db", "rdsadmin", "pg_mlflow", "a" * 64])
def test_names_that_the_server_keeps_for_itself_are_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="cannot be a name in the database"):
        rds_checks.sql_name(value)


def test_a_version_is_taken_up_to_the_last_day_of_its_support() -> None:
    for known, end in rds_checks.STANDARD_SUPPORT_ENDS.items():
        assert rds_checks.version(known, end) == known
        with pytest.raises(InvalidValue, match=f"left standard support on {end}"):
            rds_checks.version(known, end + timedelta(days=1))


@pytest.mark.parametrize("value", ["17.6", "18", "14", "latest"])
def test_a_minor_or_unknown_version_is_refused_with_those_allowed(value: str) -> None:
    with pytest.raises(InvalidValue, match="allowed are 15, 16, 17, without a minor version"):
        rds_checks.version(value, TODAY)


@given(st.integers(20, 59578), st.integers(1, 70000))
def test_storage_can_always_grow_by_a_tenth_or_is_refused(gib: int, maximum: int) -> None:
    if gib + gib / 10 <= maximum <= 65536:
        assert rds_checks.storage(gib, maximum) == (gib, maximum)
    else:
        with pytest.raises(InvalidValue, match=f"cannot grow to {maximum} GiB"):
            rds_checks.storage(gib, maximum)


@pytest.mark.parametrize("gib", [19, 65537])
def test_storage_that_gp3_does_not_offer_is_refused(gib: int) -> None:
    with pytest.raises(InvalidValue, match="allowed is 20 to 65536"):
        rds_checks.storage(gib, 65536)


@pytest.mark.parametrize(("days", "production"), [(1, False), (7, True), (35, True)])
def test_backups_are_kept_as_long_as_wished(days: int, production: bool) -> None:
    assert rds_checks.backup_days(days, production=production) == days


@pytest.mark.parametrize(("days", "production"), [(0, False), (6, True), (36, True), (36, False)])
def test_backups_that_are_none_or_too_short_are_refused(days: int, production: bool) -> None:
    with pytest.raises(InvalidValue, match=f"backups of {days} days are not possible"):
        rds_checks.backup_days(days, production=production)


def test_one_zone_is_enough_only_outside_production() -> None:
    assert rds_checks.multi_az(False, production=False) is False
    assert rds_checks.multi_az(True, production=True) is True
    with pytest.raises(InvalidValue, match="needs a standby in another zone"):
        rds_checks.multi_az(False, production=True)


def test_one_subnet_given_twice_is_one_subnet() -> None:
    with pytest.raises(InvalidValue, match="1 subnets are too few"):
        rds_checks.subnets(["subnet-a", "subnet-a"])


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [("2:00-3:00", "sun:03:30-sun:04:30"), ("24:00-25:00", "sun:03:30-sun:04:30"), ("02:00-03:00", "03:30")],
)
def test_malformed_windows_are_refused(backup: str, maintenance: str) -> None:
    with pytest.raises(InvalidValue, match="in UTC"):
        rds_checks.windows(backup, maintenance)


@pytest.mark.parametrize(
    ("backup", "maintenance"),
    [("02:00-02:29", "sun:03:30-sun:04:30"), ("02:00-03:00", "sun:03:30-sun:03:45")],
)
def test_windows_shorter_than_half_an_hour_are_refused(backup: str, maintenance: str) -> None:
    with pytest.raises(InvalidValue, match="30 minutes or more"):
        rds_checks.windows(backup, maintenance)


@given(st.integers(0, 1439), st.integers(30, 600), st.integers(0, 7 * 1440 - 1), st.integers(30, 600))
def test_windows_are_taken_exactly_if_they_share_no_minute(
    begin: int, length: int, start: int, lasting: int
) -> None:
    backup = f"{clock(begin)}-{clock(begin + length)}"
    maintenance = f"{weekly(start)}-{weekly(start + lasting)}"
    backups = {(begin + minute) % 1440 for minute in range(length)}
    shared = backups & {(start + minute) % 1440 for minute in range(lasting)}
    if shared:
        with pytest.raises(InvalidValue, match="overlap"):
            rds_checks.windows(backup, maintenance)
    else:
        assert rds_checks.windows(backup, maintenance) == (backup, maintenance)
