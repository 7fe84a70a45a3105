from __future__ import annotations

import subprocess
import sys

import pytest

from mlops_pipelines.__main__ import main
from mlops_pipelines.settings import RunSettings

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def environ(settings: RunSettings, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The process's environment as the Pipeline component makes it."""
    variables = {
        "MLOPS_MODEL": settings.model,
        "MLOPS_ENDPOINT": settings.endpoint,
        "MLOPS_CODE_REVISION": settings.code_revision,
        "MLOPS_STORE_URL": settings.store.url,
        "AWS_ACCESS_KEY_ID": settings.store.access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.store.secret_access_key.get_secret_value(),
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "MLFLOW_TRACKING_USERNAME": settings.tracking_username,
        "MLFLOW_TRACKING_PASSWORD": settings.tracking_password.get_secret_value(),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_failed_gate_ends_with_code_4_and_says_which(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("MLOPS_GATES", '{"maximum_log_loss_ratio": 0.1}')
    assert main(["run", "mortgage-approval"]) == 4
    said = capsys.readouterr().out
    assert "of the base rate's, at most 0.1 is allowed" in said
    assert "released version" not in said


def test_refused_store_keys_end_with_code_1_before_any_training(
    environ: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environ.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert main(["run", "mortgage-approval"]) == 1
    said = capsys.readouterr().out
    assert "was refused; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in said
    assert "training on" not in said


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "no-such-pipeline"], ["help"]])
def test_an_unknown_command_ends_with_code_2_and_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "usage: python3 -m mlops_pipelines" in capsys.readouterr().out


def test_the_store_is_set_up_without_loading_mlflow_or_the_training_library() -> None:
    program = (
        "import sys, mlops_pipelines.buckets\n"
        "print([name for name in ('mlflow', 'sklearn', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_telemetry_is_off_before_mlflow_is_loaded() -> None:
    program = (
        "import mlops_pipelines.registry\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled as off\nprint(off())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": "/nonexistent"},
    )
    assert done.stdout.strip() == "True"
