"""Correlation on the CPU, a plane at a time: one channel, or all of them interleaved."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, INDEX, OUT, Loop, kernel, words_of
from robustness.noise.forms.by_numba_planes import correlate as correlate_plane
from robustness.noise.forms.by_numba_planes import shift
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


@kernel(
    types.void(
        BYTES, OUT, types.int64, types.int64, types.int64, types.int64,
        WEIGHTS, OFFSETS, types.int64, types.boolean, types.int64, INDEX, types.uint64,
    )
)  # fmt: skip
def correlate(images, noisy, planes, height, width, lanes, weights, offsets, reach, mirrored, stream, index, seed):
    row = width * lanes
    wide = row + 2 * reach * lanes
    padded = np.empty((height + 2 * reach) * wide, np.uint8)
    sums = np.empty(row, np.int32)
    words = np.empty(4, np.uint32)
    shifts = np.empty(len(weights), np.int64)
    for n in range(len(images)):
        words_of(words, 0, stream, index[n], seed)
        direction = (np.uint64(words[0]) * np.uint64(len(offsets))) >> np.uint64(32)
        shift(offsets[direction], reach, wide, lanes, shifts)
        for plane in range(planes):
            image = images[n, plane * height * row : (plane + 1) * height * row]
            out = noisy[n, plane * height * row : (plane + 1) * height * row]
            correlate_plane(image, height, width, lanes, reach, mirrored, shifts, weights, padded, sums, out)
