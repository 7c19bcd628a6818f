"""What the CPU's kernels share: compiled by Numba on their first call and kept between processes; random words.

images, noisy: uint8 of shape (N, values of one image), in the order the bytes lie in memory: (y, x, channel), or (channel, y,
x) when planar.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from numba import njit, types

from robustness.files.folders import cache_folder

CHUNK = 1024
"""Pixels whose random words stay in the processor's nearest cache; a multiple of 8, so that chunks begin with a block."""

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

BYTES = types.Array(types.uint8, 2, "C", readonly=True)
OUT = types.Array(types.uint8, 2, "C")
INDEX = types.Array(types.int64, 1, "C", readonly=True)

Kernel = Callable[..., None]
Loop = Callable[[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.int64]], None]
"""Over images, noisy images and the index of each."""


def kernel(*signatures: Any) -> Callable[[Kernel], Callable[[], Kernel]]:
    """Makes a loop into a function that returns it compiled; one process compiles, the others wait and read its result."""

    def decorate(loop: Kernel) -> Callable[[], Kernel]:
        @lru_cache(maxsize=1)
        def compiled() -> Kernel:
            try:
                cache_folder().mkdir(parents=True, exist_ok=True)
                with FileLock(cache_folder() / "compiling.lock"):
                    return njit(list(signatures), nogil=True, cache=True)(loop)
            except OSError:
                pass  # no folder to write to
            except RuntimeError as error:
                if "cannot cache" not in str(error):
                    raise
            return njit(list(signatures), nogil=True)(loop)

        return compiled

    return decorate


@njit(nogil=True)
def words_of(words, first, stream, place, seed):
    """Philox-4x32-10 words of consecutive blocks, the first of them `first`."""
    low, high = np.uint64(place) & LOW, np.uint64(place) >> HALF
    for b in range(len(words) // 4):
        c0, c1, c2, c3 = np.uint64(first + b), np.uint64(stream), low, high
        k0, k1 = seed & LOW, seed >> HALF
        for _ in range(10):
            p0, p1 = M0 * c0, M1 * c2
            c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
            k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
        words[4 * b], words[4 * b + 1], words[4 * b + 2], words[4 * b + 3] = c0, c1, c2, c3
