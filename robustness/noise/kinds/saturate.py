"""Paler or more colourful."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustness.noise.fixed import LEVELS, fixed
from robustness.noise.forms.recolouring import ONE, Recolouring
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Saturate(Noise):
    """The saturation S of a pixel, `(V - m) / V` with V its largest and m its smallest channel, multiplied; hue and V stay.

    S becomes `S + (factor - 1)(S + shift)` within 0..1: at factor 1 every image stays as it is. A grey pixel has no hue and
    stays grey. Of any number of channels: those of one pixel are one colour; an image of one channel never changes.

    factor: 0 (grey) to 100, in steps of 2^-16. shift: 0 to 1, in steps of 2^-16, a share of full saturation. ImageNet-C's
    `S a + b` is `factor = a`, `shift = b / (a - 1)`; there a grey pixel becomes red where b is not 0.
    """

    kind: ClassVar[str] = "saturate"
    magnitude: ClassVar[str | None] = "factor"
    unit: ClassVar[str] = "how many times the saturation"
    identity: ClassVar[float | None] = 1.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"factor": (0, 100), "shift": (0, 1)}
    typical: ClassVar[float] = 2
    highest: ClassVar[float] = 30
    gallery: ClassVar[tuple[float, ...]] = (0.1, 2, 20)
    factor: float
    shift: float = 0.0

    def form(self, height: int, width: int) -> Recolouring:
        largest, smallest = LEVELS[:, np.newaxis], LEVELS
        span = np.maximum(largest - smallest, 0)  # S is span / V, so `S V` is the span
        more = (fixed(self.factor) - 2**16) * ((span << 16) + fixed(self.shift) * largest)  # in 2^-32
        wanted = np.clip((span << 32) + more, 0, largest << 32) >> 10  # in 2^-22
        ratio = (2 * wanted + span) // (2 * np.maximum(span, 1))
        return Recolouring.of(LEVELS * ONE, np.where(span > 0, ratio, 0))
