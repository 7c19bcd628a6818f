"""Enlarging in NumPy."""

from __future__ import annotations

import numpy as np

from robustness.noise.forms.by_reference import Images, Indices
from robustness.noise.forms.enlarging import ONE, Enlarging


def apply(form: Enlarging, images: Images, index: Indices, seed: int) -> Images:
    _, height, width, _ = images.shape
    x = images.astype(np.int64)
    total, count = 2 * ONE * x, len(form.steps) + 2
    for step in form.steps:
        enlarged = x
        for axis, side in ((1, height), (2, width)):
            at = (side - 1) * 2**16 + (2 * np.arange(side) - side + 1) * step
            first, part = at // 2**17, (at % 2**17 + 2**8) // 2**9
            part = np.expand_dims(part, tuple({0, 1, 2, 3} - {axis}))
            enlarged = (256 - part) * enlarged.take(first, axis) + part * enlarged.take(np.minimum(first + 1, side - 1), axis)
        total += enlarged
    levels: Images = ((total + count * ONE // 2) // (count * ONE)).astype(np.uint8)
    return levels
