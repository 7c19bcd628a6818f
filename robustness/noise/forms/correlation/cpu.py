"""Correlation on the CPU, a plane at a time: one channel, or all of them interleaved."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from robustness.noise.forms.by_numba import BYTES, INDEX, OUT, Loop, kernel, words_of
from robustness.noise.forms.correlation import Correlation

WEIGHTS = types.Array(types.int32, 1, "C", readonly=True)
OFFSETS = types.Array(types.int32, 3, "C", readonly=True)


def loop(form: Correlation, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = correlate()
    planes, lanes = (channels, 1) if planar else (1, channels)
    return lambda images, noisy, index: compiled(
        images, noisy, planes, height, width, lanes,
        form.weights, form.offsets, form.reach, form.mirrored, form.stream, index, seed,
    )  # fmt: skip


@njit(nogil=True)
def _inside(place, side, mirrored):
    """The pixel that stands at a place."""
    if not mirrored:
        return min(max(place, 0), side - 1)
    if side == 1:
        return 0
    place %= 2 * (side - 1)
    return min(place, 2 * (side - 1) - place)


@kernel(
    types.void(
        BYTES, OUT, types.int64, types.int64, types.int64, types.int64,
        WEIGHTS, OFFSETS, types.int64, types.boolean, types.int64, INDEX, types.uint64,
    )
)  # fmt: skip
def correlate(images, noisy, planes, height, width, lanes, weights, offsets, reach, mirrored, stream, index, seed):
    row, taps = width * lanes, len(weights)
    wide = row + 2 * reach * lanes
    padded = np.empty((height + 2 * reach) * wide, np.uint8)
    sums = np.empty(row, np.int32)
    words = np.empty(4, np.uint32)
    shifts = np.empty(taps, np.int64)
    for n in range(len(images)):
        words_of(words, 0, stream, index[n], seed)
        direction = (np.uint64(words[0]) * np.uint64(len(offsets))) >> np.uint64(32)
        for t in range(taps):
            shifts[t] = (offsets[direction, t, 0] + reach) * wide + (offsets[direction, t, 1] + reach) * lanes
        for plane in range(planes):
            image = images[n, plane * height * row : (plane + 1) * height * row]
            out = noisy[n, plane * height * row : (plane + 1) * height * row]
            for y in range(height + 2 * reach):
                source = image[_inside(y - reach, height, mirrored) * row :]
                target = padded[y * wide : (y + 1) * wide]
                for e in range(row):
                    target[reach * lanes + e] = source[e]
                for x in range(reach):
                    left, right = _inside(x - reach, width, mirrored), _inside(width + x, width, mirrored)
                    for lane in range(lanes):
                        target[x * lanes + lane] = source[left * lanes + lane]
                        target[(reach + width + x) * lanes + lane] = source[right * lanes + lane]
            for y in range(height):
                start = y * wide
                for e in range(row):
                    sums[e] = 2097152
                t = 0
                while t + 4 <= taps:  # four at once, so that sums are read and written less often
                    w0, w1, w2, w3 = weights[t], weights[t + 1], weights[t + 2], weights[t + 3]
                    a, b = padded[start + shifts[t] :], padded[start + shifts[t + 1] :]
                    c, d = padded[start + shifts[t + 2] :], padded[start + shifts[t + 3] :]
                    for e in range(row):
                        sums[e] += np.int32(w0 * np.int32(a[e]) + w1 * np.int32(b[e])) + np.int32(
                            w2 * np.int32(c[e]) + w3 * np.int32(d[e])
                        )
                    t += 4
                while t < taps:
                    w0, a = weights[t], padded[start + shifts[t] :]
                    for e in range(row):
                        sums[e] += w0 * np.int32(a[e])
                    t += 1
                target = out[y * row : (y + 1) * row]
                for e in range(row):
                    target[e] = sums[e] >> np.int32(22)
