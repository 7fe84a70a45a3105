"""The Open Inference Protocol over gRPC, in the worker's own event loop; imported only when a port is set.

    grpc.aio ─▶ service.InferenceService ─▶ Inference.answer(decode.to_request, encode.to_reply)
            └─▶ health.Health

Sources: github.com/kserve/open-inference-protocol, `specification/protocol/inference_grpc.md`;
github.com/grpc/grpc, `doc/health-checking.md`.
"""

import os

# The library writes its own lines to stderr, where every line is JSON.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
