"""Addition in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.addition import Addition
from robustness.noise.forms.by_reference import Images, Indices, clip, half_words


def apply(form: Addition, images: Images, index: Indices, seed: int) -> Images:
    levels = images.astype(np.int16) + form.table[half_words(images, form.stream, index, seed)]
    return levels.astype(np.uint8) if form.wraps else clip(levels)  # a cast keeps the low byte
