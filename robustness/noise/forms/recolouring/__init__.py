"""The channels of a pixel moved together, as their largest and smallest say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form

ONE = 2**22
"""What stands for 1 in both tables."""


@dataclass(frozen=True, eq=False)
class Recolouring(Form):
    """`(top[V] - ratio[V, m] (V - x) + 2^21) >> 22` for every channel x of a pixel with the largest V and the smallest m.

    top: int32 of shape (256,), ratio: of shape (256, 256), or (256, 1) where m has no part in it, both in multiples of 2^-22;
    `ratio (V - m) <= 255 * 2^22`, so that all fits int32.
    """

    top: npt.NDArray[np.int32]
    ratio: npt.NDArray[np.int32]

    @classmethod
    def of(cls, top: npt.NDArray[np.int64], ratio: npt.NDArray[np.int64]) -> Self:
        return cls(np.ascontiguousarray(top, dtype=np.int32), np.ascontiguousarray(ratio, dtype=np.int32))

    @property
    def changes(self) -> bool:
        """Whether it moves a level of any colour."""
        levels = np.arange(256)
        largest, below = levels[:, np.newaxis], np.maximum(levels[:, np.newaxis] - levels, 0)
        ends = (
            self.top[:, np.newaxis] - self.ratio * below + ONE // 2
        ) >> 22  # of the smallest channel, the furthest from the largest
        tops = (self.top + ONE // 2) >> 22
        return bool(((ends != largest - below) & (levels <= largest)).any() or (tops != levels).any())
