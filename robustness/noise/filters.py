"""Filters in integers, the same on every machine: weights of a fixed sum, and places along a line.

Exponentials come from Python's `decimal`, which rounds them rightly whatever the processor; floating-point libraries differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from robustness.noise.tables import ONE, SIZE, cosines

DIRECTIONS = 1024
"""A quarter turn in so many parts."""
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


@lru_cache(maxsize=64)
def along(steps: int, turn: int) -> npt.NDArray[np.int32]:
    """Rows and columns of so many steps along each direction of a quarter turn from `turn`, in 2^-16 turns.

    int32 of shape (1024, steps + 1, 2). Direction d is the turn `turn + 16 d + 8`; step i is i times its sine down and its
    cosine to the right, rounded half up.
    """
    turns = (turn + 16 * np.arange(DIRECTIONS) + 8) % SIZE
    cosine = cosines().astype(np.int64)
    parts = np.stack([np.roll(cosine, SIZE // 4)[turns], cosine[turns]], axis=-1)[:, np.newaxis]
    whole = (2 * np.arange(steps + 1)[:, np.newaxis] * parts + ONE) // (2 * ONE)
    return whole.astype(np.int32)
