"""Coarse pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.forms.averaging import Averaging
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Pixelate(Noise):
    """The image reduced by a factor (mean over areas), then enlarged to its size again (nearest pixel).

    As `Resolution`, but a side of n pixels is reduced to `n / factor` cut off, as ImageNet-C does, and at least 1. Means have
    parts of pixels, where Pillow's box, which made ImageNet-C, has whole ones.

    factor: 1 to 1,000. ImageNet-C's constants are `1 / factor`: factors 1.67 to 4 at 224 pixels, 1.05 to 1.54 at 32.
    """

    kind: ClassVar[str] = "pixelate"
    magnitude: ClassVar[str | None] = "factor"
    unit: ClassVar[str] = "how many times fewer pixels a side"
    identity: ClassVar[float | None] = 1.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"factor": (1, 1000)}
    typical: ClassVar[float] = 2
    highest: ClassVar[float] = 16
    gallery: ClassVar[tuple[float, ...]] = (1.3, 2, 4)
    factor: float

    def form(self, height: int, width: int) -> Averaging:
        rows, columns = (max(1, math.floor(side / self.factor)) for side in (height, width))
        return Averaging(rows, columns, height, width)
