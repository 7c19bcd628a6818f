"""Moved towards the scene while the shutter was open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.forms.enlarging import ONE, Enlarging
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Zoom(Noise):
    """The mean of an image, which counts twice, and its enlargements about the middle by 1 + (factor - 1) k / steps, k from 1.

    Enlargements are bilinear, with weights in 2^-8 and places in 2^-16 pixels.

    factor: 1 to 4 (ImageNet-C: 1.11 to 1.3 at 224 pixels, 1.06 to 1.25 at 32). steps: 1 to 100, of which the whole part
    counts.
    """

    kind: ClassVar[str] = "zoom"
    magnitude: ClassVar[str | None] = "factor"
    unit: ClassVar[str] = "how many times larger"
    identity: ClassVar[float | None] = 1.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"factor": (1, 4), "steps": (1, 100)}
    typical: ClassVar[float] = 1.2
    highest: ClassVar[float] = 4
    gallery: ClassVar[tuple[float, ...]] = (1.1, 1.3, 1.6)
    factor: float
    steps: float = 10.0

    def form(self, height: int, width: int) -> Enlarging:
        count = int(self.steps)
        factors = (1 + (self.factor - 1) * k / count for k in range(1, count + 1))
        return Enlarging(tuple(math.floor(ONE / factor + 0.5) for factor in factors))
