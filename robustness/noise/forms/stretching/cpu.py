"""Stretching on the CPU.

The rounded level is `(x factor + c) >> 16`, c whole: `((2^16 - factor) S + 2^15 P) // P`. What the division cuts off, before
the whole number `x factor` is added, cannot change the quotient.
"""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.stretching import Stretching

MOST = 2**22
"""Values of 255 that fit an int32 when they are summed."""


def loop(form: Stretching, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = stretch()
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, form.factor)


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, types.int64))
def stretch(images, noisy, channels, planar, factor):
    elements = images.shape[1]
    pixels = elements // channels
    planes, lanes = (channels, 1) if planar else (1, channels)
    tile = 64 * lanes  # values that are worked on side by side, all channels in turn
    sums, added = np.empty(tile, np.int32), np.empty(tile, np.int32)
    totals = np.empty(lanes, np.int64)
    part = np.int32(factor)
    for n in range(len(images)):
        for plane in range(planes):
            image = images[n, plane * pixels * lanes : (plane + 1) * pixels * lanes]
            out = noisy[n, plane * pixels * lanes : (plane + 1) * pixels * lanes]
            totals[:] = 0
            for begin in range(0, len(image), MOST * tile):
                sums[:] = 0
                end = min(begin + MOST * tile, len(image))
                for start in range(begin, end, tile):
                    values = image[start : min(start + tile, end)]
                    for e in range(len(values)):
                        sums[e] += np.int32(values[e])
                for e in range(tile):
                    totals[e % lanes] += sums[e]
            for e in range(tile):
                added[e] = ((65536 - factor) * totals[e % lanes] + 32768 * pixels) // pixels
            for start in range(0, len(image), tile):
                values, levels = image[start : start + tile], out[start : start + tile]
                for e in range(len(values)):
                    levels[e] = np.int32(np.int32(values[e]) * part + added[e]) >> np.int32(16)
