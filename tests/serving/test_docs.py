"""What docs/serving.md shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "serving.md").read_text()
COMMAND = Path(sys.executable).with_name("mlops-serving")


def test_the_example_of_a_class_works_as_written(tmp_path):
    model, build = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    folder = tmp_path / "models" / "price" / "1"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(model)
    (folder / "rate.txt").write_text("3000")
    (tmp_path / "build.py").write_text(build)
    subprocess.run([sys.executable, "build.py"], cwd=tmp_path, check=True, timeout=30)
    check = [COMMAND, "check", "models", "--allow-code"]
    found = subprocess.run(check, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=30)
    (shown,) = re.findall(r"\$ mlops-serving check models --allow-code\n(.*?)\.\.\.\n", TEXT, re.DOTALL)
    assert found.stdout.startswith(shown)
    printed = (
        "import mlops_serving.commands as c, mlops_serving.folder as f, pathlib;"
        "m = f.read_manifest(pathlib.Path('models/price/1'));"
        "print(c.first_prediction(m, 'http://127.0.0.1:8080'), end='')"
    )
    line = subprocess.run([sys.executable, "-c", printed], cwd=tmp_path, check=True, capture_output=True)
    assert f"$ mlops-serving serve models --allow-code\n{line.stdout.decode()}" in TEXT
