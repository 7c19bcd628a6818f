"""Falling snow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from robustness.noise.filters import along, normal_weights, whole_weights
from robustness.noise.fixed import fixed, whole
from robustness.noise.forms.correlation import ONE as WHITE
from robustness.noise.forms.correlation import Correlation
from robustness.noise.forms.snowing import ONE, Snowing
from robustness.noise.specs import Noise
from robustness.noise.tables import SIZE, normal_quantiles


@dataclass(frozen=True)
class Snow(Noise):
    """Streaks of snow added over an image that is mixed with a pale grey version of itself, the same in all channels.

    Flakes are normal numbers, one a pixel, enlarged by `zoom` about the middle; those below `threshold` vanish. The rest is
    blurred as by `Motion`, at an angle even between -135 and -45 degrees, and added together with itself upside down. The
    image x becomes `mix x + (1 - mix) max(x, 1.5 grey + 127.5)`. All of this is what `strength` is a share of. Grey is that of
    three channels as seen by the eye; of any other number their mean.

    strength: 0 to 1. Of white, with ImageNet-C's at 224 pixels: mean of the flakes, 0 to 1 (.1 to .55); spread, their
    standard deviation, 0 to 1 (.3); threshold, 2^-8 to 1 (.5 to .9); mix, 0 to 1 (.8 to .55). zoom: 1 to 10 (2 to 4.5).
    In pixels: sigma, 0 to 50 (4 to 12), and radius, 1 to 100 (10 to 12), of the streaks.
    """

    kind: ClassVar[str] = "snow"
    magnitude: ClassVar[str | None] = "strength"
    unit: ClassVar[str] = "a share of the effect"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "strength": (0, 1),
        "mean": (0, 1),
        "spread": (0, 1),
        "zoom": (1, 10),
        "threshold": (2**-8, 1),
        "radius": (1, 100),
        "sigma": (0, 50),
        "mix": (0, 1),
    }
    gallery: ClassVar[tuple[float, ...]] = (0.3, 0.6, 1)
    stream: ClassVar[int] = 9
    """Of the flakes; the next is the angle's."""
    strength: float
    mean: float = 0.2
    spread: float = 0.3
    zoom: float = 2.0
    threshold: float = 0.5
    radius: float = 12.0
    sigma: float = 4.0
    mix: float = 0.7

    def form(self, height: int, width: int) -> Snowing:
        steps = 2 * int(self.radius)
        return Snowing(
            stream=self.stream,
            flakes=_flakes(self.mean, self.spread),
            threshold=(fixed(255 * self.threshold) + 2**11) >> 12,
            step=int(ONE / self.zoom + 0.5),
            streaks=Correlation(
                whole_weights(normal_weights(self.sigma, steps), WHITE), along(steps, -3 * SIZE // 8), stream=self.stream + 1
            ),
            strength=fixed(self.strength),
            pale=fixed(1 - self.mix),
        )


@lru_cache(maxsize=64)
def _flakes(mean: float, spread: float) -> npt.NDArray[np.int16]:
    """`255 (mean + spread Q[u])` in 2^-4 levels, Q the normal quantiles: the sum of both, each rounded half up."""
    levels = whole(16 * fixed(255 * spread) * normal_quantiles().astype(np.int64))
    return (((fixed(255 * mean) + 2**11) >> 12) + levels).astype(np.int16)
