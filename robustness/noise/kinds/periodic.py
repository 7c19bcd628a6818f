"""A wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustness.noise.fixed import fixed, whole
from robustness.noise.forms.field import Field
from robustness.noise.specs import Noise
from robustness.noise.tables import SIZE, cosines

RADIAN_PER_PIXEL = 1 / (2 * math.pi)
"""The spatial frequency, in cycles per pixel, at which one pixel advances a wave by one radian."""


@dataclass(frozen=True)
class Periodic(Noise):
    """A wave added to every channel: `255 a (sin t + cos t)`, rounded, clipped to 0..255.

    `t = 2 pi f (x cos o + y sin o) + p` at pixel column x and row y, counted from 0 at the top left.

    amplitude a: share of the full range, 0 to 10 (the study: 0.25, 0.5, 1). The peak is `sqrt(2) a`.
    frequency f: cycles per pixel, 0 to 1; the default advances one radian per pixel. At 0 the wave is a constant offset.
    orientation o: degrees, -360 to 360, in steps of 0.0055; at 0 the wave varies along a row (vertical stripes), at 90 down a
    column.
    phase p: degrees, -360 to 360.
    """

    kind: ClassVar[str] = "periodic"
    magnitude: ClassVar[str | None] = "amplitude"
    unit: ClassVar[str] = "a share of the full range"
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "amplitude": (0, 10),
        "frequency": (0, 1),
        "orientation": (-360, 360),
        "phase": (-360, 360),
    }
    typical: ClassVar[float] = 0.5
    highest: ClassVar[float] = 2
    gallery: ClassVar[tuple[float, ...]] = (0.1, 0.25, 0.5)
    amplitude: float
    frequency: float = RADIAN_PER_PIXEL
    orientation: float = 0.0
    phase: float = 0.0

    def form(self, height: int, width: int) -> Field:
        """A numerically controlled oscillator: phase in 2^-32 turns, its upper 16 bits, rounded, look up sine and cosine.

        A pixel to the right, or down, advances the phase by `round(2^12 f C[o])`, or by the same with the sine. Looked up is
        the turn `(phase + 2^15) >> 16` modulo 2^16, so the wave is within 0.02 amplitude levels of the real one of that
        orientation.
        """
        cosine = cosines().astype(np.int64)
        sine = np.roll(cosine, SIZE // 4)
        orientation = round(self.orientation / 360 * SIZE) % SIZE
        step_x = round(self.frequency * int(cosine[orientation]) * 2**12)
        step_y = round(self.frequency * int(sine[orientation]) * 2**12)
        x, y = np.arange(width, dtype=np.int64), np.arange(height, dtype=np.int64)[:, np.newaxis]
        phase = x * step_x + y * step_y + round(self.phase / 360 * 2**32)
        turn = ((phase + 2**15) >> 16) % SIZE
        return Field(whole(fixed(255 * self.amplitude) * (cosine + sine)[turn]).astype(np.int16))
