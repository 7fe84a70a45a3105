"""What serving must never pull in, and how fast it starts."""

from __future__ import annotations

import subprocess
import sys

FORBIDDEN = {"pulumi", "kubernetes", "mlflow", "sklearn", "pandas", "scipy", "boto3", "fastapi", "onnx"}
PROGRAM = """
import sys, pkgutil, importlib, mlops_serving
for module in pkgutil.walk_packages(mlops_serving.__path__, "mlops_serving."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_the_server_imports_no_training_or_deployment_library():
    found = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert "mlops_serving" in found.stdout.split()
    assert FORBIDDEN & set(found.stdout.split()) == set()


def test_the_supervisor_does_without_what_only_workers_need():
    program = "import sys, mlops_serving.supervisor, mlops_serving.admin; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert {"numpy", "onnxruntime", "obstore", "simdjson"} & set(found.stdout.split()) == set()
