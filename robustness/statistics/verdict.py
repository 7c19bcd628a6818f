"""The verdicts on a limit, and the count that it requires."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from enum import StrEnum


class Verdict(StrEnum):
    """INCONCLUSIVE: the measurement proves neither that the limit is kept nor that it is broken."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


def needed(accuracy: Decimal, total: int) -> int:
    """How many of `total` images must be right: `ceil(accuracy * total)`, in decimal.

    >>> needed(Decimal("0.07"), 100)  # as floats they make 7.000000000000001
    7
    """
    return int((accuracy * total).to_integral_value(ROUND_CEILING))
