"""Coded as JPEG does it, and decoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form


@dataclass(frozen=True, eq=False)
class Coding(Form):
    """What libjpeg-turbo's baseline JPEG leaves of an image; the lossless part of the code is left out.

    Images of three channels become Y, Cb and Cr (16 binary digits); Cb and Cr are averaged over 2 x 2 pixels, rounded down and
    up in turn. Blocks of 8 x 8, the last row and column repeated to fill them, go through the integer cosine transform of 13
    binary digits ("islow"), are quantised, and come back the same way; Cb and Cr are enlarged by a triangle filter, 9:3:3:1,
    but repeated where they are at most two samples wide. Of any other number of channels each is coded as Y by itself.

    steps: int32 of shape (2, 8, 8), what the cosines of Y, and of Cb and Cr, are divided by, row by column frequency, 1 to 255.
    """

    steps: npt.NDArray[np.int32]

    @property
    def changes(self) -> bool:
        return True  # no quality leaves all images as they are
