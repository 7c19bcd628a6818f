"""Noise in proportion to the light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from robustness.noise.fixed import LEVELS, fixed, whole
from robustness.noise.forms.transition import Transition
from robustness.noise.specs import Noise
from robustness.noise.tables import normal_quantiles


@dataclass(frozen=True)
class Speckle(Noise):
    """Noise in proportion to the light: `x + x n` with n normal, independent on every channel of every pixel.

    Rounded to the nearest grey level and clipped to 0..255; black stays black.

    sigma: standard deviation of n, 0 to 10 (ImageNet-C: 0.15 to 0.6).
    """

    kind: ClassVar[str] = "speckle"
    magnitude: ClassVar[str | None] = "sigma"
    unit: ClassVar[str] = "a share of the light"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 10)}
    typical: ClassVar[float] = 0.5
    highest: ClassVar[float] = 10
    gallery: ClassVar[tuple[float, ...]] = (0.1, 0.25, 0.5)
    stream: ClassVar[int] = 5
    sigma: float

    def form(self, height: int, width: int) -> Transition:
        return _transition(self.stream, self.sigma)


@lru_cache(maxsize=64)
def _transition(stream: int, sigma: float) -> Transition:
    """`x + x sigma Q[u]`: rising in u for every x."""
    scaled = fixed(sigma) * normal_quantiles().astype(np.int64)
    return Transition.of(stream, [np.searchsorted(x + whole(x * scaled), LEVELS, side="right") for x in range(256)])
