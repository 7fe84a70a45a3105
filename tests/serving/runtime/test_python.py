"""Classes of users: what they may do, what is refused, and that versions do not meet."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading

import numpy as np
import pytest

from mlops_serving.errors import ModelError
from mlops_serving.models import load_model
from serving_python import make_class

X = {"x": np.float32([3, 4])}


def load(manifest, folder, **more):
    return load_model(manifest, folder, 1, allow_code=True, **more)


def answer(model, inputs=X):
    return model.runtime.run(inputs, ["y"])[0].tolist()


def test_a_class_predicts(tmp_path):
    model = load(make_class(tmp_path), tmp_path)
    assert answer(model) == [6, 8]
    assert model.concurrent is None


def test_it_loads_from_its_folder_before_it_predicts(tmp_path):
    code = """
class Factor:
    def load(self, folder):
        self.factor = float((folder / "data" / "factor.txt").read_text())

    def predict(self, inputs):
        return {"y": inputs["x"] * self.factor}
"""
    files = {"own/__init__.py": "", "own/model.py": code, "data/factor.txt": "2"}
    assert answer(load(make_class(tmp_path, files, "own.model:Factor"), tmp_path)) == [6, 8]


PACKAGE = {
    "own/__init__.py": "from .model import Double\n",
    "own/model.py": "from . import deep\nfrom .deep.numbers import TWO\n"
    "class Double:\n    def predict(self, inputs):\n        return {'y': inputs['x'] * TWO}\n",
    "own/deep/numbers.py": "TWO = 2\n",
}


def test_modules_of_an_artifact_import_each_other_relatively(tmp_path):
    assert answer(load(make_class(tmp_path, PACKAGE, "own:Double"), tmp_path)) == [6, 8]
    single = {
        "double.py": "from .factor import FACTOR\n"
        "class Double:\n    def predict(self, inputs):\n        return {'y': inputs['x'] * FACTOR}\n",
        "factor.py": "FACTOR = 2\n",
    }
    assert answer(load(make_class(tmp_path / "flat", single), tmp_path / "flat")) == [6, 8]


def test_two_versions_with_equally_named_modules_share_nothing(tmp_path):
    code = """
from . import state
class Double:
    def predict(self, inputs):
        state.calls += 1
        return {"y": inputs["x"] * state.FACTOR}
"""
    models = {}
    for factor in (2, 3):
        files = {"double.py": code, "state.py": f"FACTOR = {factor}\ncalls = 0\n"}
        folder = tmp_path / str(factor)
        answers = [1.0 * factor, 2.0 * factor]
        manifest = make_class(folder, files, version=str(factor), answers=answers)
        models[factor] = load(manifest, folder)
    again = load(manifest, folder)
    assert [answer(model) for model in (models[2], models[3], again)] == [[6, 8], [9, 12], [9, 12]]
    found = [
        module for name, module in sys.modules.items() if name.endswith(".state") and "mlops_model" in name
    ]
    assert sorted(module.FACTOR for module in found) == [2, 3, 3]
    assert "state" not in sys.modules
    assert "double" not in sys.modules


def test_the_modules_of_a_model_go_with_it(tmp_path):
    def own():
        return [name for name in sys.modules if name.startswith("mlops_model_going")]

    gc.collect()
    finders = list(sys.meta_path)
    model = load(make_class(tmp_path, name="going"), tmp_path)
    assert len(own()) == 2
    del model
    gc.collect()
    assert own() == []
    assert sys.meta_path == finders


def test_only_listed_files_are_imported_and_nothing_is_left_beside_them(tmp_path):
    folder = tmp_path / "model"
    manifest = make_class(folder, "from . import unlisted\n")
    (folder / "unlisted.py").write_text("")
    with pytest.raises(ModelError, match="cannot import name 'unlisted'"):
        load(manifest, folder)
    load(make_class(tmp_path / "good"), tmp_path / "good")
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("import nowhere_to_be_found", r"cannot import double: ModuleNotFoundError: No module named 'nowh"),
        ("import nowhere_to_be_found", r"install it beside the server, or.*from \. import name"),
        ("from . import missing", "cannot import double: ImportError: cannot import name 'missing'"),
        ("1 / 0", r"cannot import double: ZeroDivisionError: division by zero \(double\.py:1 in <module>\)"),
        ("def f(:", "cannot import double: SyntaxError"),
        ("raise SystemExit('bye')", "cannot import double: SystemExit: bye"),
        ("", "cannot make an object of double:Double: AttributeError"),
        ("class Double:\n def __init__(self, x): ...", "cannot make an object of double:Double: TypeError"),
        ("class Double: ...", "cannot find predict in double:Double: AttributeError"),
        (
            "class Double:\n def load(self, folder): raise ValueError('no weights')",
            r"cannot load with double:Double: ValueError: no weights \(double\.py:2 in load\)",
        ),
        (
            "class Double:\n async def load(self, folder): raise ValueError('no weights')",
            r"cannot load with double:Double: ValueError: no weights \(double\.py:2 in load\)",
        ),
        (
            "class Double:\n def predict(self, inputs): raise KeyError('z')",
            r"double version 1 fails on its golden inputs: KeyError: 'z' \(double\.py:2 in predict\)",
        ),
        (
            "class Double:\n async def predict(self, inputs): raise KeyError('z')",
            r"double version 1 fails on its golden inputs: KeyError: 'z' \(double\.py:2 in predict\)",
        ),
        (
            "class Double:\n def predict(self, inputs): return 3",
            "golden inputs: ModelError: predict gave a int",
        ),
        (
            "class Double:\n def predict(self, inputs): return {'y': inputs['x'] * 3}",
            "golden inputs wrongly in output 'y'",
        ),
        (
            "class Double:\n def predict(self, inputs): inputs['x'] *= 2; return {'y': inputs['x']}",
            "golden inputs: ValueError: output array is read-only",
        ),
    ],
)
def test_a_class_that_cannot_work_is_refused_with_its_reason_and_leaves_nothing(tmp_path, code, text):
    gc.collect()
    finders = list(sys.meta_path)
    with pytest.raises(ModelError, match=text):
        load(make_class(tmp_path, code), tmp_path)
    gc.collect()
    assert sys.meta_path == finders


def test_a_manifest_without_an_entry_point_is_refused(tmp_path):
    with pytest.raises(ModelError, match="its manifest needs an entry_point"):
        load(make_class(tmp_path, entry_point=None), tmp_path)


def test_calls_of_a_plain_class_never_overlap(tmp_path):
    code = """
import threading
busy = threading.Lock()
class Double:
    def predict(self, inputs):
        assert busy.acquire(blocking=False)
        for _ in range(20000):
            pass
        busy.release()
        return {"y": inputs["x"] * 2}
"""
    model = load(make_class(tmp_path, code), tmp_path)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.extend(answer(model) for _ in range(20))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[6, 8]] * 80


ASYNC = """
import asyncio
class Double:
    async def load(self, folder):
        self.loop = asyncio.get_running_loop()

    async def predict(self, inputs):
        assert asyncio.get_running_loop() is self.loop
        await asyncio.sleep(0)
        return {"y": inputs["x"] * 2}
"""


def test_an_async_class_works_without_a_server(tmp_path):
    model = load(make_class(tmp_path, ASYNC), tmp_path)
    assert answer(model) == [6, 8]
    assert model.concurrent is model.runtime


def test_an_async_class_lives_on_the_server_s_loop_whoever_calls(tmp_path):
    async def scenario():
        loop = asyncio.get_running_loop()
        model = await asyncio.to_thread(load, make_class(tmp_path, ASYNC), tmp_path, loop=loop)
        assert await asyncio.to_thread(answer, model) == [6, 8]
        (array,) = await model.concurrent.answer(X, ["y"])
        assert array.tolist() == [6, 8]

    asyncio.run(scenario())
