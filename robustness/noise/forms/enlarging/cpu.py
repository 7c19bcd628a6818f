"""Enlarging on the CPU, a plane at a time: one channel, or all of them interleaved."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.enlarging import ONE, Enlarging

TABLE = types.Array(types.int32, 3, "C", readonly=True)


def loop(form: Enlarging, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = enlarge()
    planes, lanes = (channels, 1) if planar else (1, channels)
    rows, columns = _table(form.steps, height), _table(form.steps, width)
    return lambda images, noisy, _: compiled(images, noisy, planes, height, width, lanes, rows, columns)


@lru_cache(maxsize=128)
def _table(steps: tuple[int, ...], side: int) -> npt.NDArray[np.int32]:
    """Of each enlargement and each pixel of a side, the pixel that is read and the weight of the next: shape (K, 2, side)."""
    at = (side - 1) * ONE + (2 * np.arange(side, dtype=np.int64) - side + 1) * np.array(steps, np.int64).reshape(-1, 1)
    table: npt.NDArray[np.int32] = np.stack([at >> 17, (at % 2**17 + 2**8) >> 9], axis=1).astype(np.int32)
    table.flags.writeable = False
    return table


@kernel(types.void(BYTES, OUT, types.int64, types.int64, types.int64, types.int64, TABLE, TABLE))
def enlarge(images, noisy, planes, height, width, lanes, rows, columns):
    """rows, columns: of each enlargement the pixels read and the weights of the next."""
    row, count = width * lanes, len(rows) + 2
    mixed, sums = np.empty(row + lanes, np.int32), np.empty(row, np.int32)
    firsts, parts = np.empty((len(rows), row), np.int32), np.empty((len(rows), row), np.int32)
    for k in range(len(rows)):  # of every value of a row
        for x in range(width):
            for lane in range(lanes):
                firsts[k, x * lanes + lane] = columns[k, 0, x] * lanes + lane
                parts[k, x * lanes + lane] = columns[k, 1, x]
    for n in range(len(images)):
        for plane in range(planes):
            image = images[n, plane * height * row : (plane + 1) * height * row]
            out = noisy[n, plane * height * row : (plane + 1) * height * row]
            for y in range(height):
                here = image[y * row :]
                for e in range(row):
                    sums[e] = 131072 * np.int32(here[e])
                for k in range(len(rows)):
                    first, part = rows[k, 0, y], rows[k, 1, y]
                    upper, lower = image[first * row :], image[min(first + 1, height - 1) * row :]
                    for e in range(row):
                        mixed[e] = (256 - part) * np.int32(upper[e]) + part * np.int32(lower[e])
                    for lane in range(lanes):
                        mixed[row + lane] = mixed[row - lanes + lane]
                    left, share = firsts[k], parts[k]
                    for e in range(row):
                        sums[e] += (256 - share[e]) * mixed[left[e]] + share[e] * mixed[left[e] + lanes]
                target = out[y * row : (y + 1) * row]
                for e in range(row):
                    target[e] = np.uint32(sums[e] + 32768 * count) // np.uint32(65536 * count)
