"""Recolouring in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.by_reference import Images, Indices
from robustness.noise.forms.recolouring import ONE, Recolouring


def apply(form: Recolouring, images: Images, index: Indices, seed: int) -> Images:
    largest, smallest = images.max(axis=3, keepdims=True), images.min(axis=3, keepdims=True)
    below = largest.astype(np.int64) - images
    ratio = np.broadcast_to(form.ratio, (256, 256))[largest, smallest]
    levels: Images = ((form.top[largest] - ratio * below + ONE // 2) // ONE).astype(np.uint8)
    return levels
