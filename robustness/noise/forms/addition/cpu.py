"""Addition on the CPU."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from robustness.noise.forms.addition import Addition
from robustness.noise.forms.by_numba import BYTES, CHUNK, INDEX, OUT, Loop, kernel, words_of

LEVELS = types.Array(types.int16, 1, "C", readonly=True)
NARROW_LEVELS = types.Array(types.int8, 1, "C", readonly=True)


def loop(form: Addition, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = add()
    return lambda images, noisy, index: compiled(
        images, noisy, channels, planar, form.table, form.wraps, form.stream, index, seed
    )


@njit(nogil=True)
def _sum(image, noisy, added, wraps):
    if wraps:
        for e in range(len(image)):
            noisy[e] = np.uint8(image[e] + added[e])
    else:
        for e in range(len(image)):
            noisy[e] = min(max(np.int16(image[e] + added[e]), np.int16(0)), np.int16(255))


@kernel(
    types.void(BYTES, OUT, types.int64, types.boolean, LEVELS, types.boolean, types.int64, INDEX, types.uint64),
    types.void(BYTES, OUT, types.int64, types.boolean, NARROW_LEVELS, types.boolean, types.int64, INDEX, types.uint64),
)
def add(images, noisy, channels, planar, table, wraps, stream, index, seed):
    elements = images.shape[1]
    pixels = elements // channels
    words = np.empty(4 * (CHUNK * channels // 8), np.uint32)
    halves = words.view(np.uint16)
    added = np.empty(CHUNK * channels, table.dtype)
    for n in range(len(images)):
        for pixel in range(0, pixels, CHUNK):
            count = min(CHUNK, pixels - pixel)
            size, start = count * channels, pixel * channels
            words_of(words[: 4 * ((size + 7) // 8)], start // 8, stream, index[n], seed)
            if planar:
                for c in range(channels):
                    for p in range(count):
                        added[p] = table[halves[p * channels + c]]
                    at = c * pixels + pixel
                    _sum(images[n, at : at + count], noisy[n, at : at + count], added[:count], wraps)
            else:
                for e in range(size):
                    added[e] = table[halves[e]]
                _sum(images[n, start : start + size], noisy[n, start : start + size], added[:size], wraps)
