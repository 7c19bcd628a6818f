"""Brighter or darker, in the same colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustness.noise.fixed import LEVELS, fixed
from robustness.noise.forms.recolouring import ONE, Recolouring
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Brightness(Noise):
    """The value V of a pixel, its largest channel, raised to `V + levels` within 0..255; hue and saturation stay.

    The other channels keep their ratio to V; black becomes grey. Of any number of channels: those of one pixel are one
    colour, and a grey image is raised by `levels`. Sunlight, exposure.

    levels: grey levels of 255, -255 to 255, in steps of 2^-16. ImageNet-C's constants are shares of the range: 0.1 to 0.5,
    25.5 to 127.5 levels, at 224 pixels.
    """

    kind: ClassVar[str] = "brightness"
    magnitude: ClassVar[str | None] = "levels"
    unit: ClassVar[str] = "grey levels of 255"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"levels": (-255, 255)}
    typical: ClassVar[float] = 50
    highest: ClassVar[float] = 255
    gallery: ClassVar[tuple[float, ...]] = (-75, 50, 125)
    levels: float

    def form(self, height: int, width: int) -> Recolouring:
        value = np.clip((LEVELS << 16) + fixed(self.levels), 0, 255 << 16)  # in 2^-16, of each V
        largest = np.maximum(LEVELS, 1)
        ratio = (2 * value * (ONE >> 16) + largest) // (2 * largest)
        ratio[0] = 0  # black has no colour to keep
        return Recolouring.of(value * (ONE >> 16), ratio[:, np.newaxis])
