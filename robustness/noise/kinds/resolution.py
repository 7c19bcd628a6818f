"""Detail lost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.forms.averaging import Averaging
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Resolution(Noise):
    """Detail lost: the image reduced by a factor (mean over areas), then enlarged to its size again (nearest pixel).

    A side of n pixels is reduced to `n / factor`, rounded, at least 1. Means are rounded to the nearest grey level.

    factor: 1 to 1,000 (the study: 2, 3 and 4).
    """

    kind: ClassVar[str] = "resolution"
    magnitude: ClassVar[str | None] = "factor"
    unit: ClassVar[str] = "how many times fewer pixels a side"
    identity: ClassVar[float | None] = 1.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"factor": (1, 1000)}
    typical: ClassVar[float] = 2
    highest: ClassVar[float] = 16
    gallery: ClassVar[tuple[float, ...]] = (1.5, 2, 4)
    factor: float

    def form(self, height: int, width: int) -> Averaging:
        """A side of n pixels is cut into `max(1, floor(n / factor + 1/2))` parts."""
        rows, columns = (max(1, math.floor(side / self.factor + 0.5)) for side in (height, width))
        return Averaging(rows, columns, height, width)
