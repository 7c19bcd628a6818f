"""Out of focus, as a lens blurs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import ClassVar

import numpy as np

from robustness.noise.filters import normal_weights, whole_weights
from robustness.noise.forms.correlation import ONE, Correlation
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Defocus(Noise):
    """The mean over a disk around each pixel, in each channel; the image is mirrored at its edge.

    The disk has the pixels whose distance is at most the radius. Its edge is softened by a normal curve over 3 x 3 pixels, 5 x
    5 from a radius of more than 8, whose standard deviation is `blur`, or `blur radius` below a radius of 1.

    radius: in pixels, 0 to 50 (ImageNet-C: 3 to 10 at 224 pixels, 0.3 to 1.5 at 32). blur: in pixels, 0 to 5.
    """

    kind: ClassVar[str] = "defocus"
    magnitude: ClassVar[str | None] = "radius"
    unit: ClassVar[str] = "pixels"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"radius": (0, 50), "blur": (0, 5)}
    typical: ClassVar[float] = 2
    highest: ClassVar[float] = 20
    gallery: ClassVar[tuple[float, ...]] = (1, 2, 4)
    radius: float
    blur: float = 0.5

    def form(self, height: int, width: int) -> Correlation:
        return _correlation(self.radius, self.blur)


@lru_cache(maxsize=256)
def _correlation(radius: float, blur: float) -> Correlation:
    """The curve has weights of 2^-12 along rows and columns; those of the whole are in 2^-22, what is over in the middle."""
    reach = int(radius)
    disk = [(y, x) for y, x in product(range(-reach, reach + 1), repeat=2) if y * y + x * x <= radius * radius]
    soft = 1 if radius <= 8 else 2
    edge = whole_weights(normal_weights(blur * min(1.0, radius), soft), 2**12, [1] + [2] * soft).tolist()
    weights: Counter[tuple[int, int]] = Counter()
    for (y, x), (down, right) in product(disk, product(range(-soft, soft + 1), repeat=2)):
        weights[y + down, x + right] += edge[abs(down)] * edge[abs(right)]
    offsets = sorted((place for place in weights if weights[place]), key=lambda place: (place != (0, 0), place))
    return Correlation(
        whole_weights([weights[place] for place in offsets], ONE), np.array([offsets], dtype=np.int32), mirrored=True
    )
