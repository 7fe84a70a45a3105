"""A real PostgreSQL server over TLS, of the Debian package, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from mlops_local import host_packages
from mlops_local.host_packages import HostPackage
from serving_process import free_port, wait_until

UNPRIVILEGED = 65534
"""The server refuses to run as root."""
SERVERS = Path("/usr/lib/postgresql")
PACKAGE = HostPackage("postgresql", ("pg_ctlcluster",), "has a password that rotates, in the tests")
RULES = "local all all trust\nhostssl all mlflow 127.0.0.1/32 scram-sha-256\n"


def programs() -> Path:
    """The folder of the newest server's programs.

    Raises `PreflightError` if it cannot be installed: a password that is not used is a password untested.
    """
    host_packages.ensure(print, (PACKAGE,))
    return max(SERVERS.glob("*/bin"))


@dataclass(frozen=True)
class Postgres:
    """A running server at 127.0.0.1, whose certificate is for `localhost`."""

    folder: Path
    port: int
    authorities: Path

    def run(self, statement: str) -> None:
        """Run SQL as the administrator, by the socket."""
        where = ["-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "-d", "postgres"]
        _run([str(programs() / "psql"), "-qX", *where, "-c", statement])


@contextmanager
def postgres(password: str) -> Iterator[Postgres]:
    """A server with a database `mlflow`, whose owner `mlflow` needs TLS and a password."""
    # Not in pytest's folder, into which nobody but its owner may look.
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        _certificates(folder)
        if os.geteuid() == 0:
            for path in (folder, folder / "key.pem"):
                os.chown(path, UNPRIVILEGED, UNPRIVILEGED)
        made = Postgres(folder, free_port(), folder / "authorities.pem")
        with _running(made):
            made.run(f"CREATE USER mlflow PASSWORD '{password}'")
            made.run("CREATE DATABASE mlflow OWNER mlflow")
            yield made


def _certificates(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authorities.pem")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    (folder / "key.pem").chmod(0o600)


@contextmanager
def _running(made: Postgres) -> Iterator[None]:
    folder, data = made.folder, made.folder / "data"
    _run([str(programs() / "initdb"), "-U", "postgres", "--no-sync", "-A", "trust", "-D", str(data)])
    (data / "pg_hba.conf").write_text(RULES)
    options = {
        "listen_addresses": "127.0.0.1",
        "port": made.port,
        "unix_socket_directories": folder,
        "ssl": "on",
        "ssl_cert_file": folder / "certificate.pem",
        "ssl_key_file": folder / "key.pem",
        "fsync": "off",
    }
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        command = [str(programs() / "postgres"), "-D", str(data), *flags]
        process = subprocess.Popen(command, stdout=log, stderr=log, **_user())
    try:
        wait_until(lambda: _ready(made))
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _ready(server: Postgres) -> bool:
    where = ["-h", str(server.folder), "-p", str(server.port)]
    return subprocess.run([str(programs() / "pg_isready"), "-q", *where], check=False).returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_user())
    assert done.returncode == 0, done.stderr


def _user() -> dict[str, int]:
    return {"user": UNPRIVILEGED, "group": UNPRIVILEGED} if os.geteuid() == 0 else {}
