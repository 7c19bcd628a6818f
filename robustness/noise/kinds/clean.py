"""No noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from robustness.noise.specs import Noise


@dataclass(frozen=True)
class Clean(Noise):
    """No noise: the images as they are."""

    kind: ClassVar[str] = "clean"

    def form(self, height: int, width: int) -> None:
        return None
