"""The magnitude of a noise at which accuracy falls to a given value."""

from __future__ import annotations

from collections.abc import Callable

STEPS = 10
"""Halvings of the range: the magnitude is known to one part in 1,024 of it."""


def equivalent_magnitude(accuracy_at: Callable[[float], float], target: float, highest: float) -> float | None:
    """Bisection for the magnitude in 0..highest where a falling accuracy curve crosses the target.

    Returns the upper end of the last interval: accuracy there is at or below the target. 0 where the accuracy without noise
    is there already, None where `highest` does not bring it down.
    """
    if accuracy_at(0.0) <= target:
        return 0.0
    if accuracy_at(highest) > target:
        return None
    low, high = 0.0, highest
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if accuracy_at(middle) <= target else (middle, high)
    return high
