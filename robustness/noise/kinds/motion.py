"""Moved while the shutter was open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.filters import along, normal_weights, whole_weights
from robustness.noise.forms.correlation import ONE, Correlation
from robustness.noise.specs import Noise
from robustness.noise.tables import SIZE


@dataclass(frozen=True)
class Motion(Noise):
    """The mean of pixels along a line, weighted by half a normal curve, in each channel; outside the image are its nearest.

    The line starts at the pixel and goes off at an angle even between -45 and 45 degrees, another for each image; its steps
    are rounded to whole pixels.

    sigma: the normal curve's standard deviation in pixels, 0 to 50; radius: half the line's length in pixels, 1 to 100, of
    which the whole part counts (ImageNet-C: sigma 3 to 15 and radius 10 to 20 at 224 pixels, 1 to 2.5 and 6 to 9 at 32).
    """

    kind: ClassVar[str] = "motion"
    magnitude: ClassVar[str | None] = "sigma"
    unit: ClassVar[str] = "pixels"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 50), "radius": (1, 100)}
    typical: ClassVar[float] = 2
    highest: ClassVar[float] = 20
    gallery: ClassVar[tuple[float, ...]] = (1, 2.5, 8)
    stream: ClassVar[int] = 7
    sigma: float
    radius: float = 15.0

    def form(self, height: int, width: int) -> Correlation:
        steps = 2 * int(self.radius)
        return Correlation(whole_weights(normal_weights(self.sigma, steps), ONE), along(steps, -SIZE // 8), stream=self.stream)
