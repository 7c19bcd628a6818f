"""The magnitude of a noise at which accuracy falls to a given value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import scipy

PRECISION = 1 / 1024
"""Of the range searched, to which the magnitude is known."""


def equivalent_magnitude(excess: Callable[[float], float], highest: float, known: Sequence[float] = ()) -> float | None:
    """The magnitude in 0..highest where a falling accuracy curve meets a target, by Brent's method.

    excess: how far accuracy at a magnitude lies above the target; its sign has to be right, its size only helps to choose the
    next magnitude, and 0, as good as there, ends the search. known: magnitudes above 0 whose accuracy costs nothing, which
    the curve is bracketed by. 0 where the accuracy without noise is no higher than the target, None where `highest` does not
    bring it down.

    R. P. Brent, "Algorithms for minimization without derivatives", 1973, chapter 4, as SciPy has it.

    >>> equivalent_magnitude(lambda sigma: (0.9 - sigma / 100) - 0.5, highest=255)
    40.0
    """
    above = cache(excess)
    if above(0.0) <= 0:
        return 0.0
    low = 0.0
    for magnitude in map(float, (*sorted(known), highest)):
        if above(magnitude) == 0:
            return magnitude
        if above(magnitude) < 0:
            return float(scipy.optimize.brentq(above, low, magnitude, xtol=highest * PRECISION, rtol=1e-9))
        low = magnitude
    return None
