"""Coded by JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from robustness.errors import RobustnessError
from robustness.noise.forms.coding import Coding
from robustness.noise.specs import Noise

LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
CHROMA = np.array(
    [
        [17, 18, 24, 47, 99, 99, 99, 99],
        [18, 21, 26, 66, 99, 99, 99, 99],
        [24, 26, 56, 99, 99, 99, 99, 99],
        [47, 66, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
    ]
)


@dataclass(frozen=True)
class Jpeg(Noise):
    """What JPEG leaves of an image: byte for byte Pillow's, which is libjpeg-turbo's baseline code with 4:2:0 and its decoder.

    Images of one channel are coded as grey ones, of three as RGB; of any other number each channel by itself as a grey image.

    quality: 1 to 100, whole; the higher the better (ImageNet-C: 25 to 7 at 224 pixels, 80 to 40 at 32). At 100 too some levels
    change, so there is no identity.
    """

    kind: ClassVar[str] = "jpeg"
    magnitude: ClassVar[str | None] = "quality"
    unit: ClassVar[str] = "JPEG's quality"
    identity: ClassVar[float | None] = None
    mildest: ClassVar[float | None] = 100.0
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"quality": (1, 100)}
    typical: ClassVar[float] = 25
    highest: ClassVar[float] = 100
    gallery: ClassVar[tuple[float, ...]] = (80, 25, 7)
    quality: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.quality.is_integer():
            raise RobustnessError(f"jpeg: quality is a whole number from 1 to 100, not {self.quality:g}")

    def form(self, height: int, width: int) -> Coding:
        return _coding(int(self.quality))


@lru_cache(maxsize=100)
def _coding(quality: int) -> Coding:
    """The tables of the JPEG standard (ITU-T T.81, K.1 and K.2), scaled as libjpeg does."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps = np.clip((np.stack([LUMA, CHROMA]) * scale + 50) // 100, 1, 255)
    return Coding(steps.astype(np.int32))
