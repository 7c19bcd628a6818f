"""The mean of an image and its enlargements."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.noise.forms.form import Form

ONE = 2**16
"""What stands for a step of a whole pixel."""


@dataclass(frozen=True)
class Enlarging(Form):
    """`(2^17 x + sum e[k] + 2^15 K) // (2^16 K)`, K two more than there are enlargements, e[k] one of them in 2^-16 levels.

    An enlargement about the middle of the image reads pixel y of a side of n at `s / 2^17`, `s = (n - 1) 2^16 + (2y - n + 1)
    step`, bilinearly: with `f = ((s mod 2^17) + 2^8) >> 9`, the pixel `s >> 17` has the weight `256 - f` and the next, which
    is the last again at the end, f. All fits int32.

    steps: how far apart pixels are read, in 2^-16 pixels, 1 to 2^16; at most 100.
    """

    steps: tuple[int, ...]

    @property
    def changes(self) -> bool:
        return any(step != ONE for step in self.steps)
