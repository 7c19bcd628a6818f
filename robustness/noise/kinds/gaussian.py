"""Normal noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from robustness.noise.fixed import fixed, narrow, whole
from robustness.noise.forms.addition import Addition
from robustness.noise.specs import Noise
from robustness.noise.tables import normal_quantiles


@dataclass(frozen=True)
class Gaussian(Noise):
    """Independent normal noise on every channel of every pixel, rounded to the nearest grey level and clipped to 0..255.

    sigma: standard deviation in grey levels of 255, 0 to 2550 (the study: 5, 25, 50).
    """

    kind: ClassVar[str] = "gaussian"
    magnitude: ClassVar[str | None] = "sigma"
    unit: ClassVar[str] = "grey levels of 255"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 2550)}
    typical: ClassVar[float] = 25
    highest: ClassVar[float] = 255
    gallery: ClassVar[tuple[float, ...]] = (10, 25, 50)
    stream: ClassVar[int] = 1
    sigma: float

    def form(self, height: int, width: int) -> Addition:
        """The element's half word u adds `sigma Q[u]`, Q the normal quantiles, in whole grey levels."""
        return Addition(self.stream, normal_table(self.sigma))


def normal_table(sigma: float) -> npt.NDArray[np.int16 | np.int8]:
    """`sigma Q[u]` for every half word u, in whole grey levels."""
    return narrow(whole(fixed(sigma) * normal_quantiles().astype(np.int64)))
