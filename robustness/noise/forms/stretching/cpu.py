"""Stretching on the CPU: a table of 256 levels for each channel of each image."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.stretching import Stretching


def loop(form: Stretching, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = stretch()
    return lambda images, noisy, _: compiled(images, noisy, channels, planar, form.factor)


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, types.int64))
def stretch(images, noisy, channels, planar, factor):
    elements = images.shape[1]
    pixels = elements // channels
    tables = np.empty((channels, 256), np.uint8)
    totals = np.empty(channels, np.int64)
    for n in range(len(images)):
        image, out = images[n], noisy[n]
        totals[:] = 0
        if planar:
            for c in range(channels):
                total = np.uint64(0)
                for e in range(c * pixels, (c + 1) * pixels):
                    total += np.uint64(image[e])
                totals[c] = total
        else:
            for p in range(pixels):
                for c in range(channels):
                    totals[c] += image[p * channels + c]
        for c in range(channels):
            for x in range(256):
                moved = factor * (x * pixels - totals[c]) + 65536 * totals[c]
                level = (2 * moved + 65536 * pixels) // (131072 * pixels)
                tables[c, x] = min(max(level, 0), 255)  # levels that are not there may lie outside
        if planar:
            for c in range(channels):
                for e in range(c * pixels, (c + 1) * pixels):
                    out[e] = tables[c, image[e]]
        else:
            for p in range(pixels):
                for c in range(channels):
                    out[p * channels + c] = tables[c, image[p * channels + c]]
