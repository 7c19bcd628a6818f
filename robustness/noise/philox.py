"""Philox-4x32-10, a counter-based random generator: the same words for the same address, anywhere.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
NumPy's own `Philox` is the 4x64 variant and a stream; noise needs random access by (seed, image, position).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)

Words = npt.NDArray[np.uint32]


def philox4x32(counter: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike], key: tuple[int, int]) -> Words:
    """Four random 32-bit words for every counter.

    counter: four arrays of 32-bit words that broadcast against each other to a shape S.
    key: two 32-bit words.
    Returns uint32 of shape S + (4,).
    """
    c0, c1, c2, c3 = (np.asarray(word, dtype=np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(ROUNDS):
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> HALF) ^ c1 ^ np.uint64(k0),
            product1 & LOW,
            (product0 >> HALF) ^ c3 ^ np.uint64(k1),
            product0 & LOW,
        )
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    words = np.broadcast_arrays(c0, c1, c2, c3)
    return np.stack([word.astype(np.uint32) for word in words], axis=-1)
