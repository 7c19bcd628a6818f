"""Fogging in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.forms.by_reference import Images, Indices, half_words
from robustness.noise.forms.fogging import Fogging

Heights = npt.NDArray[np.int64]


def apply(form: Fogging, images: Images, index: Indices, seed: int) -> Images:
    heights = _plasma(form, len(images), index, seed)
    least, most = heights.min(axis=(1, 2), keepdims=True), heights.max(axis=(1, 2), keepdims=True)
    share = (heights - least) * 2**16 // np.maximum(most - least, 1)
    share = share[:, : images.shape[1], : images.shape[2], np.newaxis]
    largest = images.max(axis=(1, 2, 3), keepdims=True).astype(np.int64)
    whole = np.maximum(largest * 2**16 + form.amount, 1)
    gain = (largest * 2**40 + whole // 2) // whole
    levels: Images = (((images.astype(np.int64) * 2**16 + (form.amount * share >> 16)) * gain + 2**39) >> 40).astype(np.uint8)
    return levels


def _plasma(form: Fogging, count: int, index: Indices, seed: int) -> Heights:
    """Heights of shape (N, points, points)."""
    half = half_words(np.empty((count, form.points, form.points, 1), np.uint8), form.stream, index, seed)[..., 0]
    even = 2 * half.astype(np.int64) + 1 - 2**16
    heights = np.zeros(even.shape, dtype=np.int64)
    for level, height in enumerate(form.heights):
        step = form.points >> level
        draws = height * even >> 16
        old, middle = slice(0, None, step), slice(step // 2, None, step)
        corners = heights[:, old, old]
        total = corners + np.roll(corners, -1, 1)
        heights[:, middle, middle] = (total + np.roll(total, -1, 2) >> 2) + draws[:, middle, middle]
        centres = heights[:, middle, middle]
        total = corners + np.roll(corners, -1, 2) + centres + np.roll(centres, 1, 1)
        heights[:, old, middle] = (total >> 2) + draws[:, old, middle]
        total = corners + np.roll(corners, -1, 1) + centres + np.roll(centres, 1, 2)
        heights[:, middle, old] = (total >> 2) + draws[:, middle, old]
    return heights
