"""The decision of the drift rules in numpy, to try on many windows what promtool shows of a few.

Counts are [..., bins]; whatever is in front of the bins is kept.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def stability_index(live: Counts, reference: Counts) -> Floats:
    """The population stability index, half a row added to each bin."""
    p, q = _shares(live), _shares(reference)
    index: Floats = ((p - q) * np.log(p / q)).sum(axis=-1)
    return index


def threshold(live: Counts, reference: Counts, features: int, level: float, least_effect: float) -> Floats:
    """Above this an index is drift, `features` being looked at together."""
    degrees = live.shape[-1] - 1
    normal = normal_quantile(level / features)
    chi_squared = degrees * (1 - 2 / (9 * degrees) + normal * math.sqrt(2 / (9 * degrees))) ** 3
    scale = 1 / live.sum(axis=-1) + 1 / reference.sum(axis=-1)
    return np.maximum(scale * chi_squared, least_effect)


def normal_quantile(above: float) -> float:
    """What a normal number exceeds with probability `above`."""
    root = math.sqrt(-2 * math.log(above))
    over = 2.515517 + 0.802853 * root + 0.010328 * root**2
    return root - over / (1 + 1.432788 * root + 0.189269 * root**2 + 0.001308 * root**3)


def _shares(counts: Counts) -> Floats:
    smoothed = counts + 0.5
    shares: Floats = smoothed / smoothed.sum(axis=-1, keepdims=True)
    return shares
