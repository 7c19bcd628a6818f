"""Replacement in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.by_reference import Images, Indices, first_words
from robustness.noise.forms.replacement import Replacement


def apply(form: Replacement, images: Images, index: Indices, seed: int) -> Images:
    units = images if form.per_channel else images[..., :1]
    word = first_words(units, form.stream, index, seed)
    colour = np.where(word & 1, np.uint8(255), np.uint8(0))
    return np.where(word >> 1 < form.limit, colour, images)
