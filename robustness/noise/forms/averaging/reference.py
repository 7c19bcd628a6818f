"""Averages in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.averaging import Averaging
from robustness.noise.forms.by_reference import Images, Indices


def apply(form: Averaging, images: Images, index: Indices, seed: int) -> Images:
    _, height, width, _ = images.shape
    down, across = _shares(height, form.rows), _shares(width, form.columns)
    total = np.einsum("iy,nyxc,jx->nijc", down, images.astype(np.int64), across, optimize=True)
    means = ((2 * total + height * width) // (2 * height * width)).astype(np.uint8)
    noisy: Images = means[:, _nearest_cells(height, form.rows)][:, :, _nearest_cells(width, form.columns)]
    return noisy


def _shares(side: int, cells: int) -> npt.NDArray[np.int64]:
    """How much of each pixel lies in each of the cells a side is cut into, in parts of a cells-th; shape (cells, side)."""
    start = np.maximum(np.arange(cells)[:, np.newaxis] * side, np.arange(side) * cells)
    end = np.minimum((np.arange(cells)[:, np.newaxis] + 1) * side, (np.arange(side) + 1) * cells)
    share: npt.NDArray[np.int64] = np.maximum(end - start, 0)
    return share


def _nearest_cells(side: int, cells: int) -> npt.NDArray[np.int64]:
    """The cell in which each pixel's centre lies; shape (side,)."""
    return (2 * np.arange(side, dtype=np.int64) + 1) * cells // (2 * side)
