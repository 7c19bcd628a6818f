"""The mean over pixels at given offsets, weighted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form

ONE = 2**22
"""What the weights sum to."""


@dataclass(frozen=True, eq=False)
class Correlation(Form):
    """`(sum w[t] x[y + dy[t], x + dx[t]] + 2^21) >> 22` in each channel; all fits int32.

    Pixels outside the image are the nearest inside; if mirrored, the image goes on as in a mirror that lies on its outermost
    pixels.

    weights: int32 of shape (T,), none below 0. offsets: int32 of shape (directions, T, 2), rows and columns. An image has the
    direction `(word * directions) >> 32`, by its first word of the stream.
    """

    weights: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int32]
    mirrored: bool = False
    stream: int = 0

    @cached_property
    def reach(self) -> int:
        """The largest offset."""
        return int(np.abs(self.offsets).max())

    @property
    def changes(self) -> bool:
        still = self.weights[(self.offsets == 0).all(axis=(0, 2))].sum()
        return bool(255 * (ONE - still) >= ONE // 2)  # else nothing moves by half a level
