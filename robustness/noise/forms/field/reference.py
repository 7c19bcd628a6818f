"""A field in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.by_reference import Images, Indices, clip
from robustness.noise.forms.field import Field


def apply(form: Field, images: Images, index: Indices, seed: int) -> Images:
    return clip(images + form.levels[..., np.newaxis])
