"""`database-password`: keep libpq's password file equal to a secret that rotates.

libpq reads the file for every new connection, and PostgreSQL asks for a password at no other time.  So a
server that connects with `passfile=` needs no restart when Secrets Manager gets a new password, and
connections that are open stay open.  With `--once` the file is written before the server starts, without it
ever after.  Source: PostgreSQL, "The Password File".
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_pipelines.errors import SettingsError, Unreachable
from mlops_pipelines.secrets_manager import Read, SecretPlace, SecretRefused, reader

Report = Callable[[str], None]

WAIT_SECONDS = 180.0
RETRY_SECONDS = 2.0
SECONDS = 30
LEAST_SECONDS = 5


@dataclass(frozen=True)
class PasswordSettings:
    """Which secret becomes which file, and how often it is looked at."""

    secret: SecretPlace
    passfile: Path
    seconds: float


def password_settings(environ: Mapping[str, str]) -> PasswordSettings:
    """Read MLOPS_DATABASE_SECRET_ARN, MLOPS_DATABASE_PASSFILE, AWS_REGION, and four that may be absent.

    MLOPS_DATABASE_USER_FIELD and MLOPS_DATABASE_PASSWORD_FIELD are the fields of the secret, `username` and
    `password` without them. MLOPS_DATABASE_PASSWORD_SECONDS is how often the secret is read;
    AWS_ENDPOINT_URL_SECRETS_MANAGER is an address in place of the region's own, called as in AWS's SDKs.

    Raises:
        SettingsError: naming the first variable that is missing or malformed.
    """
    return PasswordSettings(
        secret=SecretPlace(
            arn=_needed(environ, "MLOPS_DATABASE_SECRET_ARN"),
            region=_needed(environ, "AWS_REGION"),
            endpoint=environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or None,
            user_field=environ.get("MLOPS_DATABASE_USER_FIELD") or "username",
            password_field=environ.get("MLOPS_DATABASE_PASSWORD_FIELD") or "password",
        ),
        passfile=Path(_needed(environ, "MLOPS_DATABASE_PASSFILE")),
        seconds=_seconds(environ.get("MLOPS_DATABASE_PASSWORD_SECONDS") or str(SECONDS)),
    )


def write_once(
    settings: PasswordSettings, environ: Mapping[str, str], report: Report, wait: float = WAIT_SECONDS
) -> None:
    """Write the file, waiting up to `wait` seconds for AWS to answer.

    Raises:
        SecretRefused: the secret may not be read or is malformed.
        Unreachable: no answer in time.
    """
    read, deadline = reader(settings.secret, environ), time.monotonic() + wait
    while True:
        try:
            return _refresh(settings, read, report)
        except Unreachable as error:
            if time.monotonic() > deadline:
                raise
            report(f"waiting: {error}")
            time.sleep(RETRY_SECONDS)


def keep(settings: PasswordSettings, environ: Mapping[str, str], report: Report) -> None:
    """Write the file again whenever the secret has changed, until SIGTERM.

    While AWS does not answer, the file stays as it is and the log says so once.

    Raises:
        SecretRefused: the secret may not be read any more or is malformed; the file stays.
    """
    # The first process of a container has no default action for SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    read, answered = reader(settings.secret, environ), True
    while True:
        try:
            _refresh(settings, read, report)
        except Unreachable as error:
            if answered:
                report(f"keeping the password as it is: {error}")
            answered = False
        else:
            if not answered:
                report("the secret can be read again")
            answered = True
        time.sleep(settings.seconds)


def password_line(username: str, password: str) -> str:
    """The password file's one line, for this user at any server.

    Raises:
        SecretRefused: one of them has a line break, which the file cannot carry.
    """
    if any(character in username + password for character in "\r\n\0"):
        raise SecretRefused("the secret's username or password has a line break; set another in its place")
    escaped = [part.replace("\\", "\\\\").replace(":", "\\:") for part in (username, password)]
    return f"*:*:*:{':'.join(escaped)}\n"


def _refresh(settings: PasswordSettings, read: Read, report: Report) -> None:
    line = password_line(*read())
    path = settings.passfile
    if path.exists() and path.read_text() == line:
        return
    # libpq ignores a file that others may read, and must never see half of one.
    half = path.with_name(f".{path.name}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(line)
    half.replace(path)
    report(f"wrote {path} from {settings.secret.arn}")


def _seconds(value: str) -> float:
    if not value.isdecimal() or int(value) < LEAST_SECONDS:
        raise SettingsError(
            f"MLOPS_DATABASE_PASSWORD_SECONDS is {value!r}; give whole seconds, {LEAST_SECONDS} or more"
        )
    return int(value)


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(
            f"{name} is not set; the ModelRegistry component sets it, set it by hand elsewhere"
        )
    return value
