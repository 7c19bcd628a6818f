"""The magnitude of a noise at which accuracy falls to a given value."""

from __future__ import annotations

from collections.abc import Callable

STEPS = 10
"""Halvings of the range, at most: the magnitude is then known to one part in 1,024 of it."""


def equivalent_magnitude(side: Callable[[float], int], highest: float) -> float | None:
    """Bisection for the magnitude in 0..highest where a falling accuracy curve meets a target.

    side: 1 where accuracy at a magnitude is above the target, -1 where it is below, 0 where it is as good as there, which ends
    the search. Without such a place it is the upper end of the last interval. 0 where the accuracy without noise is no higher,
    None where `highest` does not bring it down.
    """
    if side(0.0) <= 0:
        return 0.0
    at_highest = side(highest)
    if at_highest >= 0:
        return None if at_highest else highest
    low, high = 0.0, highest
    for _ in range(STEPS):
        middle = (low + high) / 2
        match side(middle):
            case 0:
                return middle
            case 1:
                low = middle
            case _:
                high = middle
    return high
