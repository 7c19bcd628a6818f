"""A field on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, OUT, Loop, kernel
from robustness.noise.forms.field import Field

LEVELS = types.Array(types.int16, 1, "C", readonly=True)


def loop(form: Field, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled, field = add_field(), form.in_memory_order(channels, planar)
    return lambda images, noisy, _: compiled(images, noisy, field)


@kernel(types.void(BYTES, OUT, LEVELS))
def add_field(images, noisy, field):
    for n in range(len(images)):
        image, out = images[n], noisy[n]
        for e in range(len(image)):
            out[e] = min(max(np.int16(image[e] + field[e]), np.int16(0)), np.int16(255))
