"""A random plasma added, and the image scaled back."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.noise.forms.form import Form

ONE = 2**24
"""The height of the plasma's coarsest points."""


@dataclass(frozen=True)
class Fogging(Form):
    """`((2^16 x + (C q >> 16)) g + 2^39) >> 40`, with q the plasma at the pixel, 0 to 2^16, the same in all channels.

    `g = (2^40 M + D // 2) // D`, `D = 2^16 M + C`, at least 1; M is the largest value of the image.

    The plasma is a square map of side 2^L, the smallest that holds the image and has two points, joined at its edges; the image
    lies in its upper left corner. The point (0, 0) has the height 0. For l from 0 to L - 1, with s = 2^(L - l): first every
    point in the middle of four that lie s apart in both directions, then every point in the middle of four that lie s / 2 away
    above, below, left and right, becomes `(their sum >> 2) + (A[l] (2u + 1 - 2^16) >> 16)`, u the point's half word: points are
    numbered in (y, x) order. Heights h become `q = ((h - least) 2^16) // (most - least)`, 0 where all are alike.

    amount: C, in 2^-16 levels, at most 2^28. heights: A, of each l, at most 2^24, so that four heights fit int32.
    """

    stream: int
    amount: int
    heights: tuple[int, ...]

    @property
    def points(self) -> int:
        """Along a side of the map."""
        return int(2 ** len(self.heights))

    @property
    def changes(self) -> bool:
        return self.amount > 2**8  # with less, no level moves by half of one
