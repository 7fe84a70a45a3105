"""Amounts of Kubernetes as numbers. Pure."""

from __future__ import annotations

import re
from typing import Final

from mlops_policy.views import View, WrongShape, shown

GIB: Final = 2**30
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|[kMGTPE]i?|Ki)?")
_FACTORS: Final = {"": 1.0, "m": 1e-3} | {
    f"{letter}{binary}": float((1024 if binary else 1000) ** power)
    for power, letter in enumerate("kMGTPE", start=1)
    for binary in ("", "i")
}


def amount(view: View) -> float:
    """The quantity in its base unit (cores, bytes, pieces); 0 where there is none.

    Raises:
        UnknownRead: it is not known yet.
        WrongShape: it is no quantity.
    """
    value = view.known
    if not view.given:
        return 0.0
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise WrongShape(f"{view.path} is {shown(value)}, where an amount is expected")
    return float(match[1]) * _FACTORS[(match[2] or "").replace("Ki", "ki")]
