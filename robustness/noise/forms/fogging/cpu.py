"""Fogging on the CPU."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from robustness.noise.forms.by_numba import BYTES, INDEX, OUT, Loop, kernel, words_of
from robustness.noise.forms.fogging import Fogging

HEIGHTS = types.Array(types.int64, 1, "C", readonly=True)


def loop(form: Fogging, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled, heights = fog(), np.array(form.heights, dtype=np.int64)
    return lambda images, noisy, index: compiled(
        images, noisy, channels, planar, height, width, form.amount, heights, form.stream, index, seed
    )


@njit(nogil=True)
def _raise_points(points, side, step, height, halves):
    """The points in the middle of four that lie a step apart, then those in the middle of four half a step away."""
    half, last = step // 2, side - 1  # a side is a power of two: `& last` goes on at the other end
    for y in range(half, side, step):
        upper, lower, row = points[(y - half) * side :], points[((y + half) & last) * side :], y * side
        for x in range(half, side, step):
            right = (x + half) & last
            total = np.int32(upper[x - half] + upper[right] + lower[x - half] + lower[right])
            draw = (height * (2 * np.int64(halves[row + x]) - 65535)) >> 16
            points[row + x] = np.int32(total >> np.int32(2)) + draw
    for y in range(0, side, half):
        upper, lower, row = points[((y - half) & last) * side :], points[((y + half) & last) * side :], y * side
        for x in range(half if y % step == 0 else 0, side, step):
            total = np.int32(upper[x] + lower[x] + points[row + ((x - half) & last)] + points[row + ((x + half) & last)])
            draw = (height * (2 * np.int64(halves[row + x]) - 65535)) >> 16
            points[row + x] = np.int32(total >> np.int32(2)) + draw


@kernel(
    types.void(
        BYTES, OUT, types.int64, types.boolean, types.int64, types.int64,
        types.int64, HEIGHTS, types.int64, INDEX, types.uint64,
    )
)  # fmt: skip
def fog(images, noisy, channels, planar, height, width, amount, heights, stream, index, seed):
    side = 1 << len(heights)
    pixels = height * width
    words = np.empty(max(side * side // 2, 4), np.uint32)
    halves = words.view(np.uint16)
    points, added = np.empty(side * side, np.int32), np.empty(pixels, np.int64)
    for n in range(len(images)):
        image, out = images[n], noisy[n]
        words_of(words, 0, stream, index[n], seed)
        points[0] = 0
        for level in range(len(heights)):
            _raise_points(points, side, side >> level, heights[level], halves)
        least, most = points[0], points[0]
        for p in range(side * side):
            least, most = min(least, points[p]), max(most, points[p])
        span = np.uint64(max(most - least, 1))
        for y in range(height):
            for x in range(width):
                share = np.int64((np.uint64(points[y * side + x] - least) << np.uint64(16)) // span)
                added[y * width + x] = (amount * share) >> 16
        largest = np.uint8(0)
        for e in range(len(image)):
            largest = max(largest, image[e])
        whole = max(65536 * np.int64(largest) + amount, 1)
        gain = ((np.int64(largest) << 40) + whole // 2) // whole
        if planar:
            for c in range(channels):
                for p in range(pixels):
                    e = c * pixels + p
                    out[e] = ((65536 * np.int64(image[e]) + added[p]) * gain + 549755813888) >> 40
        else:
            for p in range(pixels):
                for c in range(channels):
                    e = p * channels + c
                    out[e] = ((65536 * np.int64(image[e]) + added[p]) * gain + 549755813888) >> 40
