"""Streaks of snow over a paler image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.correlation import Correlation
from robustness.noise.forms.form import Form

ONE = 2**16
"""What stands for 1 in `step`, `strength` and `pale`."""


@dataclass(frozen=True, eq=False)
class Snowing(Form):
    """`x + ((strength (2^17 (l + l') + pale max(0, 3g + 255 - 2x)) + 2^32) >> 33)`, clipped to 255.

    l is the layer of snow at the pixel, l' at the pixel opposite about the middle of the image, the same in all channels. g is
    the pixel's grey: of three channels `(19595 R + 38470 G + 7471 B + 2^15) >> 16`, else the mean of its channels.

    The layer: pixel p has the flake `flakes[u]`, u its half word; flakes are enlarged about the middle, as in `Enlarging` by
    one step, to v in 2^-16 of their unit; v below `2^16 threshold` becomes 0, others `min((v + 2^19) >> 20, 255)`; and this,
    as an image of one channel, goes through the correlation `streaks`, in which nothing is mirrored.

    flakes: int16 of shape (65536,), in 2^-4 levels. threshold: in 2^-4 levels, above 0. step: in 2^-16 pixels, at most 2^16.
    """

    stream: int
    flakes: npt.NDArray[np.int16]
    threshold: int
    step: int
    streaks: Correlation
    strength: int
    pale: int

    @property
    def changes(self) -> bool:
        return self.strength * (510 * 2**17 + self.pale * 1020) >= 2**32
