"""The peer of the benchmark: what many teams write first, FastAPI with pydantic over onnxruntime.

uvicorn --factory bench.peer_fastapi:app      with MODEL=/path/to/model.onnx
"""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel


class Tensor(BaseModel):
    """A V2 tensor of floats."""

    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Request(BaseModel):
    """A V2 infer request."""

    inputs: list[Tensor]


def app() -> FastAPI:
    """One route that answers like the model server."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
    names = [output.name for output in session.get_outputs()]
    datatypes = {"float32": "FP32", "int64": "INT64"}
    server = FastAPI()

    @server.post("/v2/models/iris/infer")
    async def infer(request: Request) -> dict[str, object]:
        inputs = {
            tensor.name: np.array(tensor.data, np.float32).reshape(tensor.shape) for tensor in request.inputs
        }
        arrays = session.run(names, inputs)
        outputs = [
            {
                "name": name,
                "shape": list(array.shape),
                "datatype": datatypes[str(array.dtype)],
                "data": array.reshape(-1).tolist(),
            }
            for name, array in zip(names, arrays, strict=True)
        ]
        return {"model_name": "iris", "outputs": outputs}

    return server
