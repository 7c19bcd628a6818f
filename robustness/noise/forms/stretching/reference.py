"""Stretching in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.by_reference import Images, Indices
from robustness.noise.forms.stretching import ONE, Stretching


def apply(form: Stretching, images: Images, index: Indices, seed: int) -> Images:
    x, pixels = images.astype(np.int64), images.shape[1] * images.shape[2]
    total = x.sum(axis=(1, 2), keepdims=True)
    moved = form.factor * (x * pixels - total) + ONE * total
    levels: Images = ((2 * moved + ONE * pixels) // (2 * ONE * pixels)).astype(np.uint8)
    return levels
