"""Planes for the CPU's kernels: an image with a margin, and weighted sums over pixels at given offsets.

A plane has rows of so many pixels of `lanes` values each: one channel, or all of them interleaved.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True)
def inside(place, side, mirrored):
    """The pixel that stands at a place."""
    if not mirrored:
        return min(max(place, 0), side - 1)
    if side == 1:
        return 0
    place %= 2 * (side - 1)
    return min(place, 2 * (side - 1) - place)


@njit(nogil=True)
def pad(image, height, width, lanes, reach, mirrored, padded):
    """The plane with a margin of `reach` pixels all around it."""
    row = width * lanes
    wide = row + 2 * reach * lanes
    for y in range(height + 2 * reach):
        source = image[inside(y - reach, height, mirrored) * row :]
        target = padded[y * wide : (y + 1) * wide]
        for e in range(row):
            target[reach * lanes + e] = source[e]
        for x in range(reach):
            left, right = inside(x - reach, width, mirrored), inside(width + x, width, mirrored)
            for lane in range(lanes):
                target[x * lanes + lane] = source[left * lanes + lane]
                target[(reach + width + x) * lanes + lane] = source[right * lanes + lane]


@njit(nogil=True)
def weigh(padded, start, shifts, weights, sums):
    """To each of the sums its values at the shifts from the start, times the weights."""
    taps, row, t = len(weights), len(sums), 0
    while t + 4 <= taps:  # four at once, so that sums are read and written less often
        w0, w1, w2, w3 = weights[t], weights[t + 1], weights[t + 2], weights[t + 3]
        a, b = padded[start + shifts[t] :], padded[start + shifts[t + 1] :]
        c, d = padded[start + shifts[t + 2] :], padded[start + shifts[t + 3] :]
        for e in range(row):
            sums[e] += np.int32(w0 * np.int32(a[e]) + w1 * np.int32(b[e])) + np.int32(w2 * np.int32(c[e]) + w3 * np.int32(d[e]))
        t += 4
    while t < taps:
        weight, a = weights[t], padded[start + shifts[t] :]
        for e in range(row):
            sums[e] += weight * np.int32(a[e])
        t += 1


@njit(nogil=True)
def shift(offsets, reach, wide, lanes, shifts):
    """To each offset in rows and columns how far it leads in a plane whose rows, with their margins, have so many values."""
    for t in range(len(shifts)):
        shifts[t] = (offsets[t, 0] + reach) * wide + (offsets[t, 1] + reach) * lanes


@njit(nogil=True)
def correlate(plane, height, width, lanes, reach, mirrored, shifts, weights, padded, sums, out):
    """The weighted mean over the shifts of a plane, the weights' sum 2^22."""
    row = width * lanes
    pad(plane, height, width, lanes, reach, mirrored, padded)
    for y in range(height):
        for e in range(row):
            sums[e] = 2097152
        weigh(padded, y * (row + 2 * reach * lanes), shifts, weights, sums)
        target = out[y * row : (y + 1) * row]
        for e in range(row):
            target[e] = sums[e] >> np.int32(22)
