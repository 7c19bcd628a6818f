"""Smoothing on the CPU, a plane at a time: one channel, or all of them interleaved."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.smoothing import Smoothing

WEIGHTS = types.Array(types.int32, 1, "C", readonly=True)


def loop(form: Smoothing, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = smooth()
    planes, lanes = (channels, 1) if planar else (1, channels)
    return lambda images, noisy, _: compiled(images, noisy, planes, height, width, lanes, form.weights)


@kernel(types.void(BYTES, OUT, types.int64, types.int64, types.int64, types.int64, WEIGHTS))
def smooth(images, noisy, planes, height, width, lanes, weights):
    radius, row = len(weights) - 1, width * lanes
    margin = radius * lanes
    sums = np.empty(row, np.int32)
    between = np.empty(row + 2 * margin, np.int32)
    for n in range(len(images)):
        for plane in range(planes):
            image = images[n, plane * height * row : (plane + 1) * height * row]
            out = noisy[n, plane * height * row : (plane + 1) * height * row]
            for y in range(height):
                here = image[y * row : (y + 1) * row]
                for e in range(row):
                    sums[e] = weights[0] * np.int32(here[e])
                for d in range(1, radius + 1):
                    weight, up, down = weights[d], max(y - d, 0) * row, min(y + d, height - 1) * row
                    above, below = image[up : up + row], image[down : down + row]
                    for e in range(row):
                        sums[e] += weight * np.int32(np.int32(above[e]) + np.int32(below[e]))
                for e in range(row):
                    between[margin + e] = np.int32(sums[e] + np.int32(256)) >> np.int32(9)
                for e in range(margin):  # the nearest pixel's channels
                    between[e] = between[margin + e % lanes]
                    between[margin + row + e] = between[margin + row - lanes + e % lanes]
                for e in range(row):
                    sums[e] = weights[0] * between[margin + e]
                for d in range(1, radius + 1):
                    weight = weights[d]
                    left, right = between[margin - d * lanes :], between[margin + d * lanes :]
                    for e in range(row):
                        sums[e] += weight * np.int32(left[e] + right[e])
                target = out[y * row : (y + 1) * row]
                for e in range(row):
                    target[e] = np.int32(sums[e] + np.int32(4194304)) >> np.int32(23)
