"""The loops of the CPU kernel, compiled by Numba on their first call and kept between processes.

images, noisy: uint8 of shape (N, values of one image), in the order the bytes lie in memory: (y, x, channel), or (channel, y,
x) when planar. Each kernel does what the class of `robustness.noise.arithmetic` next to it in `cpu.py` says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from filelock import FileLock
from numba import njit, types

from robustness.files.folders import cache_folder

CHUNK = 1024
"""Pixels whose random words stay in the processor's nearest cache; a multiple of 8, so that chunks begin with a block."""

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

BYTES = types.Array(types.uint8, 2, "C", readonly=True)
OUT = types.Array(types.uint8, 2, "C")
LEVELS = types.Array(types.int16, 1, "C", readonly=True)
NARROW_LEVELS = types.Array(types.int8, 1, "C", readonly=True)
COUNTS = types.Array(types.int32, 2, "C", readonly=True)
INDEX = types.Array(types.int64, 1, "C", readonly=True)

Kernel = Callable[..., None]


def kernel(*signatures: Any) -> Callable[[Kernel], Callable[[], Kernel]]:
    """Makes a loop into a function that returns it compiled; one process compiles, the others wait and read its result."""

    def decorate(loop: Kernel) -> Callable[[], Kernel]:
        @lru_cache(maxsize=1)
        def compiled() -> Kernel:
            try:
                cache_folder().mkdir(parents=True, exist_ok=True)
                with FileLock(cache_folder() / "compiling.lock"):
                    return njit(list(signatures), nogil=True, cache=True)(loop)
            except OSError:
                pass  # no folder to write to
            except RuntimeError as error:
                if "cannot cache" not in str(error):
                    raise
            return njit(list(signatures), nogil=True)(loop)

        return compiled

    return decorate


@njit(nogil=True)
def _words(words, first, stream, place, seed):
    """Philox-4x32-10 words of consecutive blocks, the first of them `first`."""
    low, high = np.uint64(place) & LOW, np.uint64(place) >> HALF
    for b in range(len(words) // 4):
        c0, c1, c2, c3 = np.uint64(first + b), np.uint64(stream), low, high
        k0, k1 = seed & LOW, seed >> HALF
        for _ in range(10):
            p0, p1 = M0 * c0, M1 * c2
            c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
            k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
        words[4 * b], words[4 * b + 1], words[4 * b + 2], words[4 * b + 3] = c0, c1, c2, c3


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
            _words(words[: 4 * ((size + 7) // 8)], start // 8, stream, index[n], seed)
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


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, COUNTS, BYTES, types.int64, INDEX, types.uint64))
def move(images, noisy, channels, planar, counts, first, stream, index, seed):
    elements = images.shape[1]
    pixels = elements // channels
    chunk = CHUNK * channels
    words = np.empty(chunk // 2, np.uint32)
    for n in range(len(images)):
        for start in range(0, elements, chunk):
            size = min(chunk, elements - start)
            _words(words[: 4 * ((size + 7) // 8)], start // 8, stream, index[n], seed)
            for e in range(size):
                cut = np.int32((words[e // 2] >> np.uint32(16 * (e % 2))) & np.uint32(0xFFFF))
                at = start + e
                if planar:
                    at = at % channels * pixels + at // channels
                x = images[n, at]
                y = np.int64(first[x, cut >> 8])
                while counts[x, y] <= cut:
                    y += 1
                noisy[n, at] = y


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, types.int64, types.boolean, types.int64, INDEX, types.uint64))
def replace(images, noisy, channels, planar, limit, per_channel, stream, index, seed):
    elements = images.shape[1]
    pixels = elements // channels
    units = elements if per_channel else pixels
    words = np.empty(CHUNK, np.uint32)
    hits = np.empty(CHUNK, np.uint16)
    for n in range(len(images)):
        for e in range(elements):  # ten times as fast as assigning the row
            noisy[n, e] = images[n, e]
        for start in range(0, units, CHUNK):
            size = min(CHUNK, units - start)
            _words(words[: 4 * ((size + 3) // 4)], start // 4, stream, index[n], seed)
            count = np.uint64(0)
            for u in range(size):  # without a branch, for the processor could not foretell it
                hits[count] = u
                count += np.uint64((words[u] >> np.uint32(1)) < limit)
            for u in hits[:count]:
                colour = np.uint8(255 * (words[u] & np.uint32(1)))
                if per_channel:
                    pixel, c = divmod(start + u, channels)
                    noisy[n, c * pixels + pixel if planar else start + u] = colour
                else:
                    for c in range(channels):
                        noisy[n, c * pixels + start + u if planar else (start + u) * channels + c] = colour


@kernel(types.void(BYTES, OUT, LEVELS))
def add_field(images, noisy, field):
    for n in range(len(images)):
        _sum(images[n], noisy[n], field, False)


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
