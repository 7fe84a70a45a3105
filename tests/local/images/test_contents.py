"""What is in the platform's real images, and that their programs start as they will in pods.

Programs run in the image's files, as its user and without privileges, on a root that nobody can write to.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_local.images.layouts import image_config, unpacked_bytes

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

Image = Callable[[str], Path]
PYTHON_IMAGES = ("serving", "pipeline", "mlflow")
ALL = ("base", "postgres", *PYTHON_IMAGES)
BUILD_TOOLS = {"apt", "apt-get", "cc", "dpkg", "gcc", "g++", "ld", "make", "perl", "pip", "pip3", "uv"}
MODULES = {
    "serving": "mlops_serving.supervisor, mlops_serving.worker, mlops_serving.grpc_api.server, "
    "mlops_serving.spans, requests, numpy.testing",
    "pipeline": "mlops_pipelines, mlops_serving.artifact, sklearn.ensemble, skl2onnx, onnxruntime, pandas",
    "mlflow": "mlflow.server.auth, psycopg2, boto3, pandas, pyarrow, sklearn",
}
ENTER = """
mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t tmpfs none "$0/tmp" && chmod 1777 "$0/tmp"
mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" && chroot "$0" "$@"
"""


def run(root: Path, user: int, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in an image's files: read-only but for /tmp, as `user`, with no capability."""
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--net"]
    who = ["--reuid", str(user), "--regid", str(user), "--clear-groups", "--no-new-privs"]
    less = ["/usr/bin/setpriv", *who, "--bounding-set=-all", "--inh-caps=-all"]
    clean = [
        "/usr/bin/env",
        "-i",
        "LANG=C.UTF-8",
        "HOME=/tmp",
        "PATH=/usr/bin:/bin",
        "ORT_DISABLE_TELEMETRY=1",
    ]
    inside = [*less, *clean, *command]
    return subprocess.run(
        [*namespaces, "sh", "-ec", ENTER, str(root), *inside],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ALL)
def test_image_has_no_compiler_no_package_manager_and_no_way_to_gain_privileges(
    unpacked: Image, name: str
) -> None:
    root = unpacked(name)
    folders = [root / folder for folder in ("usr/bin", "usr/sbin", "usr/local/bin")]
    programs = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
    assert programs & BUILD_TOOLS == set()
    assert not (root / "usr/local/lib/python3.11/dist-packages/pip").exists()
    privileged = [
        path
        for folder, _, names in os.walk(root)
        for path in (Path(folder) / file for file in names)
        if stat.S_ISREG(path.lstat().st_mode) and path.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID)
    ]
    assert privileged == []


@pytest.mark.parametrize("name", ALL)
def test_image_keeps_the_list_of_debian_packages_for_scanners(unpacked: Image, name: str) -> None:
    assert "Package: libc6\n" in (unpacked(name) / "var/lib/dpkg/status").read_text()


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_nothing_of_this_machine_is_in_the_metadata_of_packages(unpacked: Image, name: str) -> None:
    site = unpacked(name) / "usr/local/lib/python3.11/dist-packages"
    assert list(site.glob("*.dist-info/direct_url.json")) == []
    assert not (site / "bin").exists()


def test_serving_image_is_at_most_300_mb_and_not_root(platform_image: Image) -> None:
    layout = platform_image("serving")
    assert unpacked_bytes(layout) <= 300_000_000
    assert image_config(layout)["config"]["User"] == "65532:65532"


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_everything_the_program_needs_imports_compiled_on_a_read_only_root(
    unpacked: Image, name: str
) -> None:
    root = unpacked(name)
    result = run(root, 65532, "python3", "-W", "ignore", "-c", f"import {MODULES[name]}")
    assert (result.returncode, result.stderr) == (0, "")
    site = root / "usr/local/lib/python3.11/dist-packages"
    assert (site / "pydantic/__pycache__/main.cpython-311.pyc").is_file()


def test_serving_says_which_settings_it_lacks(unpacked: Image) -> None:
    result = run(unpacked("serving"), 65532, "python3", "-m", "mlops_serving")
    assert result.returncode == 2
    assert "MLOPS_MODELS is not set" in result.stdout + result.stderr


def test_postgres_starts_after_an_interrupted_first_start_and_keeps_its_data(unpacked: Image) -> None:
    script = """
    export PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin PGDATA=/tmp/data/pgdata POSTGRES_USER=mlops
    export POSTGRES_DB=mlflow POSTGRES_PASSWORD_FILE=/tmp/password PGPASSWORD=secret
    export POSTGRES_INITDB_ARGS=--data-checksums
    mkdir -p /tmp/data/pgdata.new /tmp/socket; echo 14 > /tmp/data/pgdata.new/PG_VERSION
    printf secret > /tmp/password
    ask() { psql -h /tmp/socket -U mlops mlflow -Atc "$1"; }
    started() {
      postgres-entrypoint -c listen_addresses= -c unix_socket_directories=/tmp/socket >>/tmp/log 2>&1 &
      n=0; until pg_isready -q -h /tmp/socket; do n=$((n+1)); [ $n -lt 300 ]; sleep 0.1; done
    }
    PATH=$PATH:/usr/local/bin
    started; ask "create table t as select 42 as answer"; kill -INT $!; wait $!
    started; ask "select answer, current_setting('data_checksums') from t"; ask "show password_encryption"
    PGPASSWORD=wrong ask "select 1" || echo refused
    kill -INT $!; wait $!; ls /tmp/data
    """
    result = run(unpacked("postgres"), 999, "bash", "-euc", script)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["SELECT 1", "42|on", "scram-sha-256", "refused", "pgdata"]
