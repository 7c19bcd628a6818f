"""The count a limit asks for, against exact fractions."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from robustness.statistics.verdict import needed

SHARES = (
    st.floats(0, 1).map(lambda share: Decimal(repr(share)))  # as a limit in a file becomes decimal
    | st.integers(0, 10_000).map(lambda share: Decimal(share) / 10_000)
)
TOTALS = st.integers(1, 10_000_000)


@given(SHARES, TOTALS)
def test_needed_is_the_exact_product_rounded_up(accuracy, total):
    assert needed(accuracy, total) == math.ceil(Fraction(accuracy) * total)


def test_029_of_100_is_29():
    assert needed(Decimal("0.29"), 100) == 29
