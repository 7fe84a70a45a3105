"""The program against moto's Secrets Manager, and its file with the libpq of MLflow's image.

The PostgreSQL server is Debian's and speaks TLS; it is installed where it is missing.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from mlops_pipelines import database_password
from mlops_pipelines.__main__ import main
from mlops_pipelines.database_password import password_line, password_settings, write_once
from mlops_pipelines.errors import SettingsError, Unreachable
from mlops_pipelines.secrets_manager import SecretRefused
from pulumi_mlops.model_registry_pods import url_with_files
from real_postgres import postgres
from serving_process import wait_until

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"


class Secrets:
    """moto's Secrets Manager with one secret of the shape that RDS writes."""

    def __init__(self, url: str, name: str) -> None:
        self.client: Any = boto3.client(
            "secretsmanager",
            region_name=REGION,
            endpoint_url=url,
            aws_access_key_id="id",
            aws_secret_access_key="key",
        )
        self.arn = self.client.create_secret(Name=name, SecretString=shape("first"))["ARN"]

    def rotate(self, password: str) -> None:
        self.client.put_secret_value(SecretId=self.arn, SecretString=shape(password))


def shape(password: str) -> str:
    return json.dumps({"username": "mlflow", "password": password})


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadedMotoServer]:
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def url(server: ThreadedMotoServer) -> str:
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@pytest.fixture
def secrets(url: str, request: pytest.FixtureRequest) -> Secrets:
    return Secrets(url, f"rds-{request.node.name}")


@pytest.fixture
def environ(url: str, secrets: Secrets, tmp_path: Path) -> dict[str, str]:
    return {
        "MLOPS_DATABASE_SECRET_ARN": secrets.arn,
        "MLOPS_DATABASE_PASSFILE": str(tmp_path / "passfile"),
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
    }


@pytest.fixture
def passfile(environ: dict[str, str]) -> Path:
    return Path(environ["MLOPS_DATABASE_PASSFILE"])


def refresh(environ: dict[str, str]) -> list[str]:
    said: list[str] = []
    write_once(password_settings(environ), environ, said.append, wait=0)
    return said


def test_the_file_holds_the_secret_for_its_owner_only(
    environ: dict[str, str], passfile: Path, secrets: Secrets
) -> None:
    assert refresh(environ) == [f"wrote {passfile} from {secrets.arn}"]
    assert passfile.read_text() == "*:*:*:mlflow:first\n"
    assert stat.S_IMODE(passfile.stat().st_mode) == 0o600
    assert list(passfile.parent.iterdir()) == [passfile]


def test_the_file_changes_with_the_secret_and_only_then(
    environ: dict[str, str], passfile: Path, secrets: Secrets
) -> None:
    refresh(environ)
    first = passfile.stat().st_ino
    assert refresh(environ) == []
    assert passfile.stat().st_ino == first
    secrets.rotate("second")
    refresh(environ)
    assert passfile.read_text() == "*:*:*:mlflow:second\n"
    assert passfile.stat().st_ino != first


def test_what_an_earlier_attempt_left_half_written_is_no_obstacle(
    environ: dict[str, str], passfile: Path
) -> None:
    (passfile.parent / ".passfile").write_text("*:*")
    refresh(environ)
    assert list(passfile.parent.iterdir()) == [passfile]


def test_colons_and_backslashes_are_escaped_and_line_breaks_refused() -> None:
    assert password_line("a:b", "c\\d:e") == "*:*:*:a\\:b:c\\\\d\\:e\n"
    with pytest.raises(SecretRefused, match="has a line break"):
        password_line("mlflow", "two\nlines")


def test_before_the_server_starts_an_outage_is_waited_out(
    environ: dict[str, str], passfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outages = iter([Unreachable("down"), Unreachable("down")])
    real = database_password.reader

    def after_two_outages(place: Any, environ: Any) -> Any:
        read = real(place, environ)

        def sometimes() -> Any:
            if outage := next(outages, None):
                raise outage
            return read()

        return sometimes

    monkeypatch.setattr(database_password, "reader", after_two_outages)
    monkeypatch.setattr(database_password, "RETRY_SECONDS", 0)
    said: list[str] = []
    write_once(password_settings(environ), environ, said.append)
    assert [line.split(":")[0] for line in said[:2]] == ["waiting", "waiting"]
    assert passfile.exists()


def test_an_outage_without_end_is_named(environ: dict[str, str], passfile: Path) -> None:
    environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = "http://127.0.0.1:1"
    with pytest.raises(Unreachable, match=r"^Secrets Manager did not answer: .*http://127\.0\.0\.1:1"):
        refresh(environ)
    assert not passfile.exists()


def test_the_command_ends_with_1_for_a_secret_that_it_may_not_read(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ["MLOPS_DATABASE_SECRET_ARN"] = environ["MLOPS_DATABASE_SECRET_ARN"].replace(":rds-", ":gone-")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(["database-password", "--once"]) == 1
    assert "let the role of this pod's service account do" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["MLOPS_DATABASE_SECRET_ARN", "MLOPS_DATABASE_PASSFILE", "AWS_REGION"])
def test_a_missing_variable_is_named(environ: dict[str, str], name: str) -> None:
    del environ[name]
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        password_settings(environ)


@pytest.mark.parametrize("value", ["4", "0", "-5", "often", "7.5"])
def test_looking_too_often_is_refused(environ: dict[str, str], value: str) -> None:
    environ["MLOPS_DATABASE_PASSWORD_SECONDS"] = value
    with pytest.raises(SettingsError, match="give whole seconds, 5 or more"):
        password_settings(environ)


def test_the_settings_are_those_of_the_region_unless_told_otherwise(
    environ: dict[str, str], passfile: Path
) -> None:
    del environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"]
    settings = password_settings(environ)
    assert (settings.secret.endpoint, settings.seconds, settings.passfile) == (None, 30, passfile)


def test_beside_the_server_it_outlives_an_outage_and_ends_when_told(
    environ: dict[str, str], passfile: Path, secrets: Secrets, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "from mlops_pipelines import database_password as program\n"
        "program.LEAST_SECONDS = 0\n"
        "from pathlib import Path\n"
        "reader = program.reader\n"
        "def unless_down(where, environ):\n"
        "    read = reader(where, environ)\n"
        "    def sometimes():\n"
        f"        if Path({str(tmp_path / 'down')!r}).exists():\n"
        "            raise program.Unreachable('down')\n"
        "        return read()\n"
        "    return sometimes\n"
        "program.reader = unless_down\n"
        "import time\n"
        "sleep = time.sleep\n"
        "program.time.sleep = lambda seconds: sleep(0.05)\n"
        "from mlops_pipelines.__main__ import main\n"
        "sys.exit(main(['database-password']))\n"
    )
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **environ}, stdout=log)
    said = tmp_path / "log"
    try:
        wait_until(passfile.exists)
        (tmp_path / "down").touch()
        wait_until(lambda: "keeping the password as it is: down" in said.read_text())
        assert passfile.read_text() == "*:*:*:mlflow:first\n"
        secrets.rotate("second")
        (tmp_path / "down").unlink()
        wait_until(lambda: passfile.read_text() == "*:*:*:mlflow:second\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    lines = [line.split(" from ")[0] for line in said.read_text().splitlines()]
    assert lines == [
        f"wrote {passfile}",
        "keeping the password as it is: down",
        f"wrote {passfile}",
        "the secret can be read again",
    ]


CONNECTING = """
import sys, sqlalchemy
engine = sqlalchemy.create_engine(sys.argv[1], poolclass=sqlalchemy.pool.NullPool)
held = sqlalchemy.create_engine(sys.argv[1]).connect()
for line in sys.stdin:
    try:
        with engine.connect() as new:
            answer = new.execute(sqlalchemy.text("SELECT current_user || ssl FROM pg_stat_ssl "
                "WHERE pid = pg_backend_pid()")).scalar()
    except sqlalchemy.exc.OperationalError as error:
        answer = "refused" if "password authentication failed" in str(error) else str(error)
    print(answer, held.execute(sqlalchemy.text("SELECT 1")).scalar(), flush=True)
"""


@contextmanager
def connecting(url: str) -> Iterator[Callable[[], str]]:
    """How a new connection by the packages of MLflow's image goes, and one that was open before."""
    uv = [sys.executable, "-m", "uv", "run", "--frozen", "--isolated", "--only-group", "mlflow-server"]
    command = [*uv, "python3", "-c", CONNECTING, url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as client:

        def connect() -> str:
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write("\n")
            client.stdin.flush()
            return client.stdout.readline().strip()

        yield connect


def test_a_rotated_password_reaches_the_next_connection_of_mlflows_libpq(
    environ: dict[str, str], secrets: Secrets, passfile: Path
) -> None:
    refresh(environ)
    with postgres("first") as database:
        url = url_with_files(f"postgresql://mlflow@localhost:{database.port}/mlflow")
        url = url.replace("/etc/database/authorities.pem", str(database.authorities))
        url = url.replace("/run/database/passfile", str(passfile))
        with connecting(url) as connect:
            assert connect() == "mlflowtrue 1"
            database.run("ALTER USER mlflow PASSWORD 'second'")
            assert connect() == "refused 1"
            secrets.rotate("second")
            refresh(environ)
            assert connect() == "mlflowtrue 1"
