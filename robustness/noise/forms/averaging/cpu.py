"""Averages on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.averaging import Averaging
from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel


def loop(form: Averaging, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = average()
    planes, lanes = (channels, 1) if planar else (1, channels)
    return lambda images, noisy, _: compiled(images, noisy, planes, height, width, lanes, form.rows, form.columns)


@kernel(types.void(BYTES, OUT, types.int64, types.int64, types.int64, types.int64, types.int64, types.int64))
def average(images, noisy, planes, height, width, lanes, rows, columns):
    """Rows of the image into rows of cells, those into cells; then the mean of each where its pixels lie."""
    row, area = width * lanes, height * width
    tall, cells = np.empty(row, np.int64), np.empty(columns * lanes, np.int64)
    wide = np.empty(row, np.uint8)
    first, shares, nearest = np.empty(width, np.int64), np.empty(width, np.int64), np.empty(row, np.int64)
    for x in range(width):  # a pixel lies in one cell or in two
        first[x] = x * columns // width
        shares[x] = min((first[x] + 1) * width, (x + 1) * columns) - x * columns
        for lane in range(lanes):
            nearest[x * lanes + lane] = (2 * x + 1) * columns // (2 * width) * lanes + lane
    for n in range(len(images)):
        for plane in range(planes):
            image = images[n, plane * height * row : (plane + 1) * height * row]
            out = noisy[n, plane * height * row : (plane + 1) * height * row]
            y = 0
            for i in range(rows):
                tall[:] = 0
                for above in range(i * height // rows, ((i + 1) * height - 1) // rows + 1):
                    share = min((i + 1) * height, (above + 1) * rows) - max(i * height, above * rows)
                    values = image[above * row : (above + 1) * row]
                    for e in range(row):
                        tall[e] += share * np.int64(values[e])
                cells[:] = 0
                for x in range(width):
                    share, at = shares[x], first[x] * lanes
                    for lane in range(lanes):
                        cells[at + lane] += share * tall[x * lanes + lane]
                    if share < columns:
                        for lane in range(lanes):
                            cells[at + lanes + lane] += (columns - share) * tall[x * lanes + lane]
                for e in range(columns * lanes):
                    cells[e] = (2 * cells[e] + area) // (2 * area)
                for e in range(row):
                    wide[e] = cells[nearest[e]]
                while y < height and (2 * y + 1) * rows // (2 * height) == i:
                    target = out[y * row : (y + 1) * row]
                    for e in range(row):
                        target[e] = wide[e]
                    y += 1
