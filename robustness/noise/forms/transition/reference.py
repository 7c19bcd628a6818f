"""Transition in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.by_reference import Images, Indices, half_words
from robustness.noise.forms.transition import Transition


def apply(form: Transition, images: Images, index: Indices, seed: int) -> Images:
    cut = half_words(images, form.stream, index, seed)
    level: Images = np.sum(form.counts[images] <= cut[..., np.newaxis], axis=-1, dtype=np.uint8)
    return level
