"""The order in which images are evaluated: fixed, and as good as random."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from robustness.noise.philox import philox4x32

STREAM = 254
"""Of the words that images are ordered by; none of the noises draws from it."""


def evaluation_order(index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The places of a set's images, sorted by a random word of each image's index in its original set.

    It depends on nothing else: the first images of the order are a random sample without replacement, whatever the network,
    the noise and the labels.

    >>> evaluation_order(np.arange(6))
    array([0, 1, 4, 2, 3, 5])
    >>> evaluation_order(np.array([4, 5, 3]))  # of the same images alone the order is the same
    array([0, 2, 1])
    """
    words = philox4x32((0, STREAM, index & 0xFFFFFFFF, index >> 32), (0, 0))
    return np.lexsort((index, words[:, 1], words[:, 0]))
