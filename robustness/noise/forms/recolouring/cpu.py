"""Recolouring on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.recolouring import Recolouring

TABLE = types.Array(types.int32, 2, "C", readonly=True)


def loop(form: Recolouring, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = recolour()
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, form.top, form.ratio)


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, TABLE, TABLE))
def recolour(images, noisy, channels, planar, top, ratio):
    pixels = images.shape[1] // channels
    pixel_step, channel_step = (1, pixels) if planar else (channels, 1)
    for n in range(len(images)):
        image, out = images[n], noisy[n]
        for p in range(pixels):
            start = p * pixel_step
            largest = smallest = image[start]
            for c in range(1, channels):
                x = image[start + c * channel_step]
                largest, smallest = max(largest, x), min(smallest, x)
            most, share = top[largest, smallest] + np.int32(2097152), ratio[largest, smallest]
            for c in range(channels):
                at = start + c * channel_step
                out[at] = np.int32(most - share * np.int32(largest - image[at])) >> np.int32(22)
