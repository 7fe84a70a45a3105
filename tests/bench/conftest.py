"""Makes the benchmark's modules importable, as `python bench/run.py` does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "bench"))
