"""Black and white values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.forms.replacement import Replacement
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Impulse(Noise):
    """Salt-and-pepper that hits each channel of each pixel by itself, so hit pixels are mostly coloured.

    This is what ImageNet-C and scikit-image call impulse and s&p noise.

    amount: the share of values hit, 0 to 1 (ImageNet-C: 0.03 to 0.27). Nested as in `SaltAndPepper`.
    """

    kind: ClassVar[str] = "impulse"
    magnitude: ClassVar[str | None] = "amount"
    unit: ClassVar[str] = "a share of the values"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"amount": (0, 1)}
    typical: ClassVar[float] = 0.01
    highest: ClassVar[float] = 1
    gallery: ClassVar[tuple[float, ...]] = (0.004, 0.03, 0.1)
    stream: ClassVar[int] = 3
    amount: float

    def form(self, height: int, width: int) -> Replacement:
        """A word for each element; amount in multiples of 2^-31."""
        return Replacement(self.stream, round(self.amount * 2**31), per_channel=True)
