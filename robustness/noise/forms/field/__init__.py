"""The same addition to every image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.form import Form


@dataclass(frozen=True, eq=False)
class Field(Form):
    """`x + levels[row, column]` in every channel, clipped to 0..255. levels: int16 of shape (H, W)."""

    small: ClassVar[int] = 4_000_000  # a field is added while a thread wakes up
    levels: npt.NDArray[np.int16]

    def in_memory_order(self, channels: int, planar: bool) -> npt.NDArray[np.int16]:
        """What is added to each byte of an image that lies in memory as (H, W, C), or as (C, H, W) when planar."""
        return np.tile(self.levels.ravel(), channels) if planar else np.repeat(self.levels.ravel(), channels)

    @property
    def changes(self) -> bool:
        return bool(self.levels.any())
