"""From counts to a verdict, against exact fractions."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.gate.verdict import Verdict, judge, needed

SHARES = (
    st.floats(0, 1).map(lambda share: Decimal(repr(share)))  # as a limit in a file becomes decimal
    | st.integers(0, 10_000).map(lambda share: Decimal(share) / 10_000)
)
TOTALS = st.integers(1, 10_000_000)


@given(SHARES, TOTALS)
def test_needed_is_the_exact_product_rounded_up(accuracy, total):
    assert needed(accuracy, total) == math.ceil(Fraction(accuracy) * total)


@given(SHARES, TOTALS, st.data())
def test_passes_exactly_when_the_share_right_reaches_the_limit(accuracy, total, data):
    near = min(max(needed(accuracy, total) + data.draw(st.integers(-2, 2)), 0), total)
    for right in (near, data.draw(st.integers(0, total))):
        assert (judge(right, total, accuracy) is Verdict.PASS) == (Fraction(right, total) >= Fraction(accuracy))


def test_029_of_100_is_29():
    assert needed(Decimal("0.29"), 100) == 29
    assert judge(29, 100, Decimal("0.29")) is Verdict.PASS
    assert judge(28, 100, Decimal("0.29")) is Verdict.FAIL


@pytest.mark.parametrize(("right", "total"), [(0, 0), (1, 0), (-1, 10), (11, 10), (0, -1)])
@pytest.mark.parametrize("accuracy", [Decimal(0), Decimal(1)])
def test_no_evidence_is_refused(right, total, accuracy):
    with pytest.raises(RobustnessError, match="is no measurement"):
        judge(right, total, accuracy)
