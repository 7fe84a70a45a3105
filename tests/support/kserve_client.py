"""A program for an environment with `kserve`: asks a server with KServe's client, prints what came as JSON.

python kserve_client.py <port>
"""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

ARRAYS = {
    "BOOL": np.array([[True, False]]),
    "UINT8": np.array([[0, 255]], np.uint8),
    "UINT16": np.array([[0, 65535]], np.uint16),
    "UINT32": np.array([[0, 2**32 - 1]], np.uint32),
    "UINT64": np.array([[0, 2**64 - 1]], np.uint64),
    "INT8": np.array([[-128, 127]], np.int8),
    "INT16": np.array([[-(2**15), 2**15 - 1]], np.int16),
    "INT32": np.array([[-(2**31), 2**31 - 1]], np.int32),
    "INT64": np.array([[-(2**63), 2**63 - 1]], np.int64),
    "FP16": np.array([[0.5, 65504]], np.float16),
    "FP32": np.array([[0.1, 3e38]], np.float32),
    "FP64": np.array([[0.1, 1e300]], np.float64),
    "BYTES": np.array([["", "ü €"]], np.object_),
}


async def main() -> None:
    base = f"http://127.0.0.1:{sys.argv[1]}"
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    found = {
        "live": await client.is_server_live(base),
        "ready": await client.is_server_ready(base),
        "model_ready": await client.is_model_ready(base, "identity"),
        "agree": {},
    }
    for binary_in in (False, True):
        for binary_out in (False, True):
            found["agree"][f"{binary_in}-{binary_out}"] = await agree(client, base, binary_in, binary_out)
    await client.close()
    sys.stdout.write(json.dumps(found))


async def agree(client: InferenceRESTClient, base: str, binary_in: bool, binary_out: bool) -> dict[str, bool]:
    """Whether each datatype came back as it was sent. The client refuses FP16 in JSON, so that is binary."""
    inputs, outputs = [], []
    for name, array in ARRAYS.items():
        tensor = InferInput(f"in_{name}", list(array.shape), name)
        tensor.set_data_from_numpy(array, binary_data=binary_in or name == "FP16")
        inputs.append(tensor)
        outputs.append(RequestedOutput(f"out_{name}", {"binary_data": binary_out or name == "FP16"}))
    request = InferRequest("identity", inputs, request_id="7", request_outputs=outputs)
    reply = await client.infer(base, request, model_name="identity")
    assert (reply.id, reply.model_name) == ("7", "identity")
    return {
        name: texts(reply.get_output_by_name(f"out_{name}").as_numpy()) == texts(array)
        for name, array in ARRAYS.items()
    }


def texts(array: np.ndarray) -> list[object]:
    return [item.decode() if isinstance(item, bytes) else item for item in array.reshape(-1).tolist()]


if __name__ == "__main__":
    asyncio.run(main())
