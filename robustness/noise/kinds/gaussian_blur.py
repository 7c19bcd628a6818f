"""Out of focus, softly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from robustness.noise.filters import normal_weights, whole_weights
from robustness.noise.forms.smoothing import ONE, Smoothing
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class GaussianBlur(Noise):
    """The mean of a pixel's surroundings, weighted by a normal curve cut at four standard deviations, in each channel.

    Down the columns, then along the rows, with weights in multiples of 2^-16; outside the image are its nearest pixels.

    sigma: the standard deviation in pixels, 0 to 50 (ImageNet-C: 1 to 6 at 224 pixels, 0.4 to 1 at 32).
    """

    kind: ClassVar[str] = "gaussian-blur"
    magnitude: ClassVar[str | None] = "sigma"
    unit: ClassVar[str] = "pixels"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 50)}
    typical: ClassVar[float] = 1
    highest: ClassVar[float] = 20
    gallery: ClassVar[tuple[float, ...]] = (0.6, 1, 2)
    sigma: float

    def form(self, height: int, width: int) -> Smoothing:
        return _smoothing(self.sigma)


@lru_cache(maxsize=256)
def _smoothing(sigma: float) -> Smoothing:
    """Weights of the distances 0 to `floor(4 sigma + 1/2)`, rounded half up; what is over goes to the middle."""
    radius = int(4 * sigma + 0.5)
    return Smoothing(whole_weights(normal_weights(sigma, radius), ONE, [1] + [2] * radius))
