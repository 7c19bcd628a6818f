"""Replacement on the CPU."""

from __future__ import annotations

import numpy as np
from numba import types

from robustness.noise.forms.by_numba import BYTES, CHUNK, INDEX, OUT, Loop, kernel, words_of
from robustness.noise.forms.replacement import Replacement


def loop(form: Replacement, height: int, width: int, channels: int, planar: bool, seed: np.uint64) -> Loop:
    compiled = replace()
    return lambda images, noisy, index: compiled(
        images, noisy, channels, planar, form.limit, form.per_channel, form.stream, index, seed
    )


@kernel(types.void(BYTES, OUT, types.int64, types.boolean, types.int64, types.boolean, types.int64, INDEX, types.uint64))
def replace(images, noisy, channels, planar, limit, per_channel, stream, index, seed):
    elements = images.shape[1]
    pixels = elements // channels
    units = elements if per_channel else pixels
    words = np.empty(CHUNK, np.uint32)
    hits = np.empty(CHUNK, np.uint16)
    for n in range(len(images)):
        for e in range(elements):  # ten times as fast as assigning the row
            noisy[n, e] = images[n, e]
        for start in range(0, units, CHUNK):
            size = min(CHUNK, units - start)
            words_of(words[: 4 * ((size + 3) // 4)], start // 4, stream, index[n], seed)
            count = np.uint64(0)
            for u in range(size):  # without a branch, for the processor could not foretell it
                hits[count] = u
                count += np.uint64(np.int64(words[u] >> np.uint32(1)) < limit)
            for u in hits[:count]:
                colour = np.uint8(255 * (words[u] & np.uint32(1)))
                if per_channel:
                    pixel, c = divmod(start + u, channels)
                    noisy[n, c * pixels + pixel if planar else start + u] = colour
                else:
                    for c in range(channels):
                        noisy[n, c * pixels + start + u if planar else (start + u) * channels + c] = colour
