"""Weights of filters as integers of a fixed sum, the same on every machine.

Exponentials come from Python's `decimal`, which rounds them rightly whatever the processor; floating-point libraries differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal, localcontext

import numpy as np
import numpy.typing as npt

EXACT = Context(prec=40, Emin=-999_999_999, Emax=999_999_999, traps=[])


def normal_weights(sigma: float, radius: int) -> list[Decimal]:
    """`exp(-d^2 / 2 sigma^2)` at the distances 0 to radius, to forty digits; at sigma 0 the first alone."""
    with localcontext(EXACT):
        double = 2 * Decimal(sigma) * Decimal(sigma)
        return [(-d * d / double).exp() if sigma else Decimal(d == 0) for d in range(radius + 1)]


def whole_weights(weights: Sequence[Decimal | int], total: int, times: Sequence[int] | None = None) -> npt.NDArray[np.int32]:
    """In proportion to these, rounded half up; what is over goes to the first, so that they sum to the total.

    times: how often each counts, the first once; once each if None.
    """
    times = times or [1] * len(weights)
    with localcontext(EXACT):
        whole = sum((count * Decimal(weight) for count, weight in zip(times, weights, strict=True)), Decimal(0))
        rounded = [int((total * weight / whole + Decimal("0.5")).to_integral_value(ROUND_FLOOR)) for weight in weights]
    rounded[0] += total - sum(count * weight for count, weight in zip(times, rounded, strict=True))
    return np.array(rounded, dtype=np.int32)
