"""The commands as a person at a laptop meets them."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlops_serving.commands import first_prediction
from serving_process import free_port
from serving_python import DOUBLE, make_class, make_flower, tensor

COMMAND = Path(sys.executable).with_name("mlops-serving")


def ask(*arguments):
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=30)


def test_help_says_what_there_is_at_once():
    began = time.perf_counter()
    found = ask("--help")
    assert time.perf_counter() - began < 1
    assert found.returncode == 0
    assert {"serve", "check"} <= set(found.stdout.split())
    loaded = "import sys, mlops_serving.commands; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert {"numpy", "pydantic", "onnxruntime", "granian", "asyncio"} & set(modules.stdout.split()) == set()


def test_an_unknown_command_is_a_usage_error():
    found = ask("sevre", ".")
    assert found.returncode == 2
    assert "invalid choice: 'sevre'" in found.stderr


def test_check_describes_what_would_be_served(tmp_path):
    make_class(tmp_path / "double" / "1")
    make_flower(tmp_path / "flower" / "3", version="3")
    found = ask("check", tmp_path, "--allow-code")
    assert found.returncode == 0, found.stdout + found.stderr
    double, flower = found.stdout.removesuffix("\n").split("\n\n")
    called = r"call       0\.\d{6} s for the golden inputs, 0\.\d{6} s a row"
    assert re.fullmatch(
        "\n".join(
            [
                "model      flower, version 3",
                "framework  skops",
                r"inputs     X FP32 \[-1, 4\]",
                r"outputs    label         INT64 \[-1\]",
                r"           probabilities FP32 \[-1, 3\]",
                "batchable  yes",
                "runs       one call at a time",
                called,
                "drift      not watched",
            ]
        ),
        flower,
    )
    assert double.startswith("model      double, version 1\nframework  python\n")


def test_check_says_all_that_is_wrong_of_all_artifacts(tmp_path, iris):
    made = {}
    for name in ("altered", "bad", "code"):
        made[name] = tmp_path / name / "1"
        make_class(made[name], {"double.py": DOUBLE, "b.txt": ""}, name=name)
    make_class(tmp_path / "iris" / "2", framework="unknown")
    shutil.copytree(iris.folders["3"], tmp_path / "iris" / "3")
    (made["altered"] / "double.py").write_text("")
    (made["altered"] / "b.txt").unlink()
    manifest = json.loads((made["bad"] / "manifest.json").read_text())
    manifest |= {"framework": "?", "surprise": 1}
    (made["bad"] / "manifest.json").write_text(json.dumps(manifest))
    found = ask("check", tmp_path)
    assert found.returncode == 1
    altered, bad, code, fine = found.stdout.split("\n\n")
    assert [part.count("\n  - ") for part in (altered, bad, code, fine)] == [2, 2, 1, 0]
    assert "double.py of models/altered/1 has sha256" in altered
    assert "b.txt of models/altered/1 is missing" in altered
    assert "manifest.json: framework: String should match pattern" in bad
    assert "manifest.json: surprise: Extra inputs are not permitted" in bad
    assert "--allow-code" in code
    assert fine.startswith("model      iris, version 3\nframework  onnx\n")


def test_check_knows_a_misplaced_artifact_and_a_wrong_answer(tmp_path):
    make_class(tmp_path / "other" / "2")
    make_class(tmp_path / "wrong" / "1", name="wrong", answers=[2.0, 5.0])
    found = ask("check", tmp_path, "--allow-code")
    assert found.returncode == 1
    assert "the folder is other/2, the manifest is of double/1" in found.stdout
    assert "model wrong version 1 answers its golden inputs wrongly in output 'y'" in found.stdout


def test_a_folder_with_nothing_to_serve_is_an_error(tmp_path):
    for command in ("check", "serve"):
        found = ask(command, tmp_path)
        assert found.returncode == 1
        assert "neither a manifest.json nor folders" in found.stderr


def test_code_is_not_served_without_permission(tmp_path):
    make_class(tmp_path)
    found = ask("serve", tmp_path, "--port", str(free_port()), "--admin-port", str(free_port()))
    assert found.returncode == 1
    assert "(by hand: --allow-code)" in found.stderr


@pytest.fixture
def served(tmp_path, wait_until, iris):
    make_class(tmp_path / "my models" / "double" / "1")
    shutil.copytree(iris.folders["2"], tmp_path / "my models" / "iris" / "2")
    port = free_port()
    command = [COMMAND, "serve", "my models", "--allow-code", "--workers", "2", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log, (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [*command, "--admin-port", str(free_port())], cwd=tmp_path, stdout=out, stderr=log
        )

    def ready():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    wait_until(lambda: process.poll() is not None or ready())
    assert process.poll() is None, (tmp_path / "log").read_text()
    yield process, tmp_path
    process.kill()
    process.wait()


def test_serve_answers_the_line_it_prints_and_ends_with_ctrl_c(served, wait_until):
    process, folder = served
    lines = (folder / "out").read_text().splitlines()
    assert lines[::2] == [
        "double version 1, when it is loaded:",
        "iris version 2, when it is loaded:",
    ]
    logged = folder / "log"
    wait_until(lambda: logged.read_text().count("serving a model version") == 4)
    answers = [
        subprocess.run(shlex.split(line), capture_output=True, check=True).stdout for line in lines[1::2]
    ]
    double, flowers = map(json.loads, answers)
    assert double["outputs"] == [{"name": "y", "shape": [1], "datatype": "FP32", "data": [2.0]}]
    assert flowers["outputs"][0] == {"name": "label", "shape": [1], "datatype": "INT64", "data": [0]}
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert re.search(
        r"^\d\d:\d\d:\d\d info    serving a model version model=double version=1$", logged.read_text(), re.M
    )
    left = {path.name for path in (folder / "my models").rglob("*")}
    assert left == {"double", "1", "double.py", "iris", "2", "model.onnx", "manifest.json"}


def test_the_first_prediction_is_of_one_row_and_no_longer_than_a_line(tmp_path):
    manifest = make_class(tmp_path)
    assert first_prediction(manifest, "http://here:1").splitlines()[1] == (
        "  curl http://here:1/v2/models/double/infer -d "
        """'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1.0]}]}'"""
    )
    golden = manifest.golden.model_copy(update={"inputs": (tensor("x", [[0.5] * 3000]),)})
    long = manifest.model_copy(update={"golden": golden})
    assert "too long for a line; they are in manifest.json" in first_prediction(long, "http://here:1")
