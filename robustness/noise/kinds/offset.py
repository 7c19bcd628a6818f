"""Darker or brighter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustness.noise.fixed import fixed
from robustness.noise.forms.field import Field
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Offset(Noise):
    """The same number of grey levels added to every channel of every pixel, clipped to 0..255.

    levels: grey levels of 255, -255 (all black) to 255 (all white), rounded to a whole one.
    """

    kind: ClassVar[str] = "offset"
    magnitude: ClassVar[str | None] = "levels"
    unit: ClassVar[str] = "grey levels of 255"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"levels": (-255, 255)}
    typical: ClassVar[float] = 25
    highest: ClassVar[float] = 255
    gallery: ClassVar[tuple[float, ...]] = (-80, 40, 80)
    levels: float

    def form(self, height: int, width: int) -> Field:
        return Field(np.full((height, width), (fixed(self.levels) + 2**15) >> 16, dtype=np.int16))
