"""Real parameters as integers, ties to even, and products of them as whole levels, half up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.tables import ONE, SIZE

HALVES = np.arange(SIZE, dtype=np.int64)
"""All half words."""
LEVELS = np.arange(256, dtype=np.int64)


def fixed(value: float) -> int:
    """The value in multiples of 2^-16."""
    return round(value * 2**16)


def whole(product: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A product of a `fixed` value and one of `robustness.noise.tables` in whole units, rounded half up."""
    levels: npt.NDArray[np.int64] = (product + 2**16 * ONE // 2) // (2**16 * ONE)
    return levels


def narrow(levels: npt.NDArray[np.int64]) -> npt.NDArray[np.int16 | np.int8]:
    """As int8 where that holds them, to lie in a nearer cache, else as int16."""
    return levels.astype(np.int8 if -128 <= levels.min() <= levels.max() <= 127 else np.int16)
