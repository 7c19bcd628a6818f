"""Drifting fog."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from robustness.errors import RobustnessError
from robustness.noise.fixed import fixed
from robustness.noise.forms.fogging import ONE, Fogging
from robustness.noise.specs import Noise

LARGEST = 2**13
"""Pixels a side: the plasma's map of 2^26 points takes 400 MB."""


@dataclass(frozen=True)
class Fog(Noise):
    """A random plasma of 0 to `255 amount` levels added, and all scaled by `M / (M + 255 amount)`, M the image's largest value.

    The plasma comes by diamonds and squares on a map that just holds the image, the same in all channels; each finer level of
    it is fainter by `decay` squared, as in ImageNet-C.

    amount: 0 to 10 (ImageNet-C: 1.5 to 3 at 224 pixels, 0.2 to 1.5 at 32). decay: 1 to 10.
    """

    kind: ClassVar[str] = "fog"
    magnitude: ClassVar[str | None] = "amount"
    unit: ClassVar[str] = "a share of white"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"amount": (0, 10), "decay": (1, 10)}
    typical: ClassVar[float] = 1.5
    highest: ClassVar[float] = 10
    gallery: ClassVar[tuple[float, ...]] = (0.5, 1.5, 3)
    stream: ClassVar[int] = 8
    amount: float
    decay: float = 2.0

    def form(self, height: int, width: int) -> Fogging:
        """Heights of each level are `2^24 / decay^2l`, rounded half up, of the exact number that `decay` is."""
        if max(height, width) > LARGEST:
            raise RobustnessError(
                f"fog covers images of up to {LARGEST} pixels a side, not {height} x {width}: reduce them first"
            )
        levels = max(height - 1, width - 1, 1).bit_length()
        fainter = Fraction(self.decay) ** 2
        heights = tuple(int(ONE / fainter**level + Fraction(1, 2)) for level in range(levels))
        return Fogging(self.stream, fixed(255 * self.amount), heights)
