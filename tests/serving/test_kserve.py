"""KServe's client, unmodified, as the second oracle. It runs in an environment of its own, made by uv."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_serving.protocol.datatypes import NUMPY
from serving_identity import identity_server

CLIENT = Path(__file__).parents[1] / "support" / "kserve_client.py"
VERSION = "0.21.0"


@pytest.mark.timeout(300)
def test_every_datatype_comes_back_to_the_client_of_kserve(tmp_path):
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    own = ["--quiet", "--no-project", "--python", sys.executable, "--with", f"kserve=={VERSION}"]
    with identity_server(tmp_path) as server:
        done = subprocess.run(
            [uv, "run", *own, "python", CLIENT, str(server.port)],
            env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    everything = dict.fromkeys(NUMPY, True)
    ways = ("False-False", "False-True", "True-False", "True-True")
    assert found == {
        "live": True,
        "ready": True,
        "model_ready": True,
        "agree": dict.fromkeys(ways, everything),
    }
