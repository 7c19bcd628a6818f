"""Black and white pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.forms.replacement import Replacement
from robustness.noise.specs import Noise


@dataclass(frozen=True)
class SaltAndPepper(Noise):
    """Some pixels become black (0) or white (255), with equal chance, in all channels at once.

    amount: the share of pixels hit, 0 to 1 (the study: 0.001, 0.002, 0.004). Pixels hit at a smaller amount stay hit,
    with the same colour, at every larger one.
    """

    kind: ClassVar[str] = "salt-and-pepper"
    magnitude: ClassVar[str | None] = "amount"
    unit: ClassVar[str] = "a share of the pixels"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"amount": (0, 1)}
    typical: ClassVar[float] = 0.01
    highest: ClassVar[float] = 1
    gallery: ClassVar[tuple[float, ...]] = (0.004, 0.03, 0.1)
    stream: ClassVar[int] = 2
    amount: float

    def form(self, height: int, width: int) -> Replacement:
        """A word for each pixel; amount in multiples of 2^-31."""
        return Replacement(self.stream, round(self.amount * 2**31), per_channel=False)
