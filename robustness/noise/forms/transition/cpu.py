"""Transition on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, CHUNK, INDEX, OUT, Loop, kernel, words_of
from robustness.noise.forms.transition import Transition

COUNTS = types.Array(types.int32, 2, "C", readonly=True)


def loop(form: Transition, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = move()
    return lambda images, noisy, index: compiled(
        images, noisy, channels, planar, form.counts, form.first, form.stream, index, seed
    )


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, COUNTS, BYTES, types.int64, INDEX, types.uint64))
def move(images, noisy, channels, planar, counts, first, stream, index, seed):
    elements = images.shape[1]
    pixels = elements // channels
    chunk = CHUNK * channels
    words = np.empty(chunk // 2, np.uint32)
    for n in range(len(images)):
        for start in range(0, elements, chunk):
            size = min(chunk, elements - start)
            words_of(words[: 4 * ((size + 7) // 8)], start // 8, stream, index[n], seed)
            for e in range(size):
                cut = np.int32((words[e // 2] >> np.uint32(16 * (e % 2))) & np.uint32(0xFFFF))
                at = start + e
                if planar:
                    at = at % channels * pixels + at // channels
                x = images[n, at]
                y = np.int64(first[x, cut >> 8])
                while counts[x, y] <= cut:
                    y += 1
                noisy[n, at] = y
