"""A model server for the Open Inference Protocol, and the artifact, release and store formats it reads."""

import os

# ONNX Runtime decides once, on import, whether it reports usage: nothing here phones home.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
