"""How many processors this container may use, for sizing the model's threads."""

from __future__ import annotations

import os
from pathlib import Path


def cpu_limit(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Whole processors under the cgroup quota (v2 or v1) and the affinity mask, at least 1."""
    available = len(os.sched_getaffinity(0))
    quota = _quota_v2(cgroup / "cpu.max") or _quota_v1(cgroup / "cpu")
    return max(1, min(available, int(quota))) if quota else available


def _quota_v2(path: Path) -> float | None:
    text = _read(path).split()
    return int(text[0]) / int(text[1]) if len(text) == 2 and text[0] != "max" else None


def _quota_v1(folder: Path) -> float | None:
    quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota and period and int(quota) > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
