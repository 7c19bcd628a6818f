"""Photons counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from robustness.noise.fixed import LEVELS, fixed
from robustness.noise.forms.transition import Transition
from robustness.noise.specs import Noise
from robustness.noise.tables import SIZE


@dataclass(frozen=True)
class Shot(Noise):
    """Photons counted: `gain k` with k Poisson of mean `x / gain`, independent on every channel of every pixel.

    Rounded to the nearest grey level and clipped to 255; black stays black. The variance is `gain x`.

    gain: grey levels of 255 for one photon, 0 (light without end) to 255 (one photon is white). A full scale of c photons
    is `gain = 255 / c` (ImageNet-C: 60 down to 3 photons, gain 4.25 to 85).
    """

    kind: ClassVar[str] = "shot"
    magnitude: ClassVar[str | None] = "gain"
    unit: ClassVar[str] = "grey levels of one photon"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"gain": (0, 255)}
    typical: ClassVar[float] = 4.25
    highest: ClassVar[float] = 255
    gallery: ClassVar[tuple[float, ...]] = (1, 4.25, 25)
    stream: ClassVar[int] = 6
    gain: float

    def form(self, height: int, width: int) -> Transition:
        return _transition(self.stream, self.gain)


@lru_cache(maxsize=64)
def _transition(stream: int, gain: float) -> Transition:
    """`gain k`, k the Poisson quantile of `(u + 1/2) / 2^16` for the mean x / gain; x itself where the gain is 0.

    The quantile is the smallest count whose cumulative probability reaches it.
    """
    if fixed(gain) == 0:
        return Transition.of(stream, [np.where(x <= LEVELS, SIZE, 0) for x in range(256)])
    return Transition.of(stream, [_photons_up_to_levels(fixed(gain), x) for x in range(256)])


def _photons_up_to_levels(gain: int, x: int) -> npt.NDArray[np.int64]:
    """For each grey level, how many half words give a photon count that shows as this level or a darker one.

    The probabilities are built from the most likely count outwards with additions, products and quotients alone, which IEEE
    754 rounds alike on every machine; counts 12 standard deviations away have none.
    """
    mean = x * 2**16 / gain
    mode = math.floor(mean)
    reach = math.ceil(12 * math.sqrt(mean)) + 40
    above = np.cumprod(mean / np.arange(mode + 1, mode + reach, dtype=np.float64))
    below = np.cumprod(np.arange(mode, max(mode - reach, 0), -1, dtype=np.float64) / mean) if mode else np.empty(0)
    cumulative = np.cumsum(np.concatenate([below[::-1], [1.0], above]))
    half_words = np.ceil(SIZE * (cumulative / cumulative[-1]) - 0.5).astype(np.int64)
    photons = np.arange(mode - len(below), mode + reach, dtype=np.int64)
    shown = (gain * photons + 2**15) >> 16
    last = np.searchsorted(shown, LEVELS, side="right") - 1
    counts = np.where(last < 0, 0, half_words[last])
    counts[255] = SIZE
    return counts
