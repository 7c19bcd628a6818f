"""The magnitude of a noise at which accuracy falls to a given value."""

from __future__ import annotations

from collections.abc import Callable

STEPS = 10
"""Halvings of the range: the magnitude is known to one part in 1,024 of it."""


def equivalent_magnitude(is_above: Callable[[float], bool], highest: float) -> float | None:
    """Bisection for the magnitude in 0..highest where a falling accuracy curve crosses a target.

    is_above: whether accuracy at a magnitude lies above the target. Returns the upper end of the last interval: accuracy there
    is at or below the target. 0 where the accuracy without noise is there already, None where `highest` does not bring it down.
    """
    if not is_above(0.0):
        return 0.0
    if is_above(highest):
        return None
    low, high = 0.0, highest
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_above(middle) else (low, middle)
    return high
