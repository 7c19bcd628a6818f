"""Normal noise whose bytes overflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.forms.addition import Addition
from robustness.noise.kinds.gaussian import Gaussian, normal_table
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class GaussianWraparound(Noise):
    """`Gaussian` with the same draws, but uint8 overflow wraps around (256 becomes 0) instead of clipping.

    No camera does this. It is a common slip when noise is added to uint8 arrays, and one reading of the study's figures.

    sigma: standard deviation in grey levels of 255, 0 to 2550.
    """

    kind: ClassVar[str] = "gaussian-wraparound"
    magnitude: ClassVar[str | None] = "sigma"
    unit: ClassVar[str] = "grey levels of 255"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"sigma": (0, 2550)}
    typical: ClassVar[float] = 25
    highest: ClassVar[float] = 255
    gallery: ClassVar[tuple[float, ...]] = (10, 25, 50)
    stream: ClassVar[int] = Gaussian.stream  # the same draws, so that the two differ in their overflow alone
    sigma: float

    def form(self, height: int, width: int) -> Addition:
        """As of `Gaussian`, modulo 256."""
        return Addition(self.stream, normal_table(self.sigma), wraps=True)
