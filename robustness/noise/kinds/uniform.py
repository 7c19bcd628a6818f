"""Even noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.fixed import HALVES, fixed, narrow
from robustness.noise.forms.addition import Addition
from robustness.noise.specs import Noise
from robustness.noise.tables import SIZE


@dataclass(frozen=True)
class Uniform(Noise):
    """Independent uniform noise on every channel of every pixel, rounded to the nearest grey level and clipped to 0..255.

    half_width: the noise lies between plus and minus this many grey levels of 255, 0 to 2550.
    """

    kind: ClassVar[str] = "uniform"
    magnitude: ClassVar[str | None] = "half_width"
    unit: ClassVar[str] = "grey levels of 255"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"half_width": (0, 2550)}
    typical: ClassVar[float] = 25
    highest: ClassVar[float] = 255
    gallery: ClassVar[tuple[float, ...]] = (20, 45, 90)
    stream: ClassVar[int] = 4
    half_width: float

    def form(self, height: int, width: int) -> Addition:
        """The element's half word u adds `half_width (2u + 1 - 2^16) / 2^16` in whole grey levels."""
        return Addition(self.stream, narrow((fixed(self.half_width) * (2 * HALVES + 1 - SIZE) + 2**31) >> 32))
