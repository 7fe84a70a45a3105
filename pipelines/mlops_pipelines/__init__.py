"""Train, evaluate, gate, register and release models. The commands are in __main__.py."""

import os

# MLflow's client decides once, on import, whether it reports usage: nothing here phones home.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
