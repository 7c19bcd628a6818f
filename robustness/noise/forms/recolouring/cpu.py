"""Recolouring on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, CHUNK, OUT, Loop, kernel
from robustness.noise.forms.recolouring import Recolouring

TABLE = types.Array(types.int32, 2, "C", readonly=True)


def loop(form: Recolouring, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = recolour()
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, form.top, form.ratio)


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, TABLE, TABLE))
def recolour(images, noisy, channels, planar, top, ratio):
    """Of so many pixels at once the largest and smallest channel, what the tables say of them, and the levels."""
    pixels = images.shape[1] // channels
    pixel_step, channel_step = (1, pixels) if planar else (channels, 1)
    largest, smallest = np.empty(CHUNK, np.uint8), np.empty(CHUNK, np.uint8)
    most, share = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.int32)
    for n in range(len(images)):
        for start in range(0, pixels, CHUNK):
            count = min(CHUNK, pixels - start)
            image, out = images[n, start * pixel_step :], noisy[n, start * pixel_step :]
            for p in range(count):
                largest[p] = smallest[p] = image[p * pixel_step]
            for c in range(1, channels):
                channel = image[c * channel_step :]
                for p in range(count):
                    largest[p] = max(largest[p], channel[p * pixel_step])
                    smallest[p] = min(smallest[p], channel[p * pixel_step])
            for p in range(count):
                share[p] = ratio[largest[p], smallest[p]]
                most[p] = top[largest[p], smallest[p]] + np.int32(2097152) - share[p] * np.int32(largest[p])
            for c in range(channels):
                channel, levels = image[c * channel_step :], out[c * channel_step :]
                for p in range(count):
                    levels[p * pixel_step] = np.int32(most[p] + share[p] * np.int32(channel[p * pixel_step])) >> np.int32(22)
