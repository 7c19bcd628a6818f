"""The first level of a ladder at which something has changed, for many things at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.int64]

Changed = Callable[[Levels, Levels], npt.NDArray[np.bool_]]
"""Of the things at those places, at those levels, one each: which have changed."""


def first_changes(changed: Changed, count: int, levels: int, stride: int) -> Levels:
    """For each of `count` things its first level of 1..levels at which it has changed, int64 of shape (count,); 0 for none.

    Every `stride`-th level is tried from below; where a thing is first seen changed, halving finds a level at which it has
    changed and below which it has not. Things whose levels are found are tried no more. With a stride of 1 the level is the
    first one for certain. With a larger one it is the first wherever a change, once there, stays to the next level tried.
    A thing is tried at most `ceil(levels / stride) + ceil(log2(stride))` times.
    """
    below = np.zeros(count, dtype=np.int64)  # not changed there
    found = np.zeros(count, dtype=np.int64)  # changed there, if not 0
    while True:
        is_open = np.where(found > 0, found - below > 1, below < levels)
        places = np.flatnonzero(is_open)
        if not len(places):
            return found
        low, high = below[places], found[places]
        tried = np.where(high > 0, (low + high) // 2, np.minimum(low + stride, levels))
        has = changed(places, tried)
        found[places[has]] = tried[has]
        below[places[~has]] = tried[~has]
