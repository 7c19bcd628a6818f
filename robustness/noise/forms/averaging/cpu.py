"""Averages on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.averaging import Averaging
from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel


def loop(form: Averaging, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = average()
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, height, width, form.rows, form.columns)


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, types.int64, types.int64, types.int64, types.int64))
def average(images, noisy, channels, planar, height, width, rows, columns):
    area = height * width
    totals = np.empty((rows, columns), np.int64)
    pixel_step = 1 if planar else channels
    for n in range(len(images)):
        for c in range(channels):
            base = c * area if planar else c
            totals[:] = 0
            for y in range(height):
                for i in range(y * rows // height, ((y + 1) * rows - 1) // height + 1):
                    tall = min((i + 1) * height, (y + 1) * rows) - max(i * height, y * rows)
                    for x in range(width):
                        level = tall * images[n, base + (y * width + x) * pixel_step]
                        for j in range(x * columns // width, ((x + 1) * columns - 1) // width + 1):
                            wide = min((j + 1) * width, (x + 1) * columns) - max(j * width, x * columns)
                            totals[i, j] += level * wide
            for y in range(height):
                i = (2 * y + 1) * rows // (2 * height)
                for x in range(width):
                    j = (2 * x + 1) * columns // (2 * width)
                    noisy[n, base + (y * width + x) * pixel_step] = (2 * totals[i, j] + area) // (2 * area)
