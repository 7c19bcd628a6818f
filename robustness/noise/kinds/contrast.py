"""Contrast lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.fixed import fixed
from robustness.noise.forms.stretching import Stretching
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Contrast(Noise):
    """Every value moved towards the mean of its channel over the image: `m + (1 - loss)(x - m)`, rounded. Fog, haze, glare.

    loss: share of the contrast lost, 0 to 1, in steps of 2^-16. ImageNet-C's factors are `1 - loss`: 0.6 to 0.95 are lost at
    224 pixels, 0.25 to 0.85 at 32.
    """

    kind: ClassVar[str] = "contrast"
    magnitude: ClassVar[str | None] = "loss"
    unit: ClassVar[str] = "a share of the contrast"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"loss": (0, 1)}
    gallery: ClassVar[tuple[float, ...]] = (0.3, 0.6, 0.85)
    loss: float

    def form(self, height: int, width: int) -> Stretching:
        return Stretching(2**16 - fixed(self.loss))
