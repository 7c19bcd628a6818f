"""From counts to a verdict."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from robustness.errors import RobustnessError


class Verdict(StrEnum):
    PASS = "PASS"
    FAIL = "FAIL"


def needed(accuracy: Decimal, total: int) -> int:
    """How many of `total` images must be right: `ceil(accuracy * total)`, in decimal, so 0.29 of 100 is 29 and not 30."""
    return int((accuracy * total).to_integral_value(ROUND_CEILING))


def judge(right: int, total: int, accuracy: Decimal) -> Verdict:
    """Whether a test set with `right` of `total` images named right keeps the limit. No image is no evidence."""
    if total < 1 or not 0 <= right <= total:
        raise RobustnessError(f"{right} right of {total} images is no measurement")
    return Verdict.PASS if right >= needed(accuracy, total) else Verdict.FAIL
