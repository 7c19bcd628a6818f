"""A symmetric filter down the columns, then along the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form

ONE = 2**16
"""What the weights sum to."""


@dataclass(frozen=True, eq=False)
class Smoothing(Form):
    """With `T = sum w[|d|] x[y + d]` down a column and `t = (T + 2^8) >> 9`, the level is `(sum w[|d|] t[x + d] + 2^22) >> 23`.

    Pixels outside the image are the nearest inside. Levels between the passes are in 2^-7, so that all fits int32.

    weights: int32 of shape (radius + 1,), of the distances 0 to radius; `w[0] + 2 (w[1] + ...) = 2^16`.
    """

    weights: npt.NDArray[np.int32]

    @property
    def changes(self) -> bool:
        return bool(self.weights[0] < ONE - ONE // 2048)  # with less beside it, 255 levels move nothing by half a level
