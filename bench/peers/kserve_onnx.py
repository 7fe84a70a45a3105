"""KServe's Python server over onnxruntime, on one thread: kserve_onnx.py <model.onnx> --model_name=... ..."""

import logging
import sys

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.model_server import args
from onnxruntime import InferenceSession, SessionOptions

DATATYPES = {"tensor(float)": "FP32", "tensor(int64)": "INT64"}


class OnnxModel(Model):
    """Any ONNX model; every input and output is a tensor of numbers."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = InferenceSession(path, options)
        self._outputs = {output.name: DATATYPES[output.type] for output in self._session.get_outputs()}
        self.ready = True

    async def predict(self, payload: InferRequest, headers: dict[str, str] | None = None) -> InferResponse:
        """Answer one request."""
        arrays = self._session.run(
            list(self._outputs), {tensor.name: tensor.as_numpy() for tensor in payload.inputs}
        )
        outputs = []
        for (name, datatype), array in zip(self._outputs.items(), arrays, strict=True):
            output = InferOutput(name, list(array.shape), datatype, data=array)
            # REST is quickest with the array itself, which KServe 0.21 cannot send over gRPC.
            if payload.from_grpc:
                output.set_data_from_numpy(array, binary_data=True)
            outputs.append(output)
        return InferResponse(
            payload.id or "",
            self.name,
            outputs,
            use_binary_outputs=payload.use_binary_outputs,
            requested_outputs=payload.request_outputs,
        )


if __name__ == "__main__":
    server = ModelServer()
    # Without a handler uvicorn does not even build the lines of its access log.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    server.start([OnnxModel(args.model_name, sys.argv[1])])
