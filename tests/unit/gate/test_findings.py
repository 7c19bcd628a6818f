"""Limits that hold several measurements, or several classes, against each other."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.gate.findings import break_point, cases, mean_error, monotone, relative, worst_class
from robustness.gate.limit import Limit
from robustness.noise import Clean, Gaussian, Shot

LEVELS = tuple(Gaussian(sigma) for sigma in (5, 10, 20))
RIGHTS = st.lists(st.integers(0, 1000), min_size=2, max_size=6)


def limit(asks, required="0.5", **more):
    return Limit("net", Gaussian(20), asks, Decimal(required), "t:1", **more)


@given(noisy=st.integers(0, 1000), clean=st.integers(1, 1000), required=st.decimals(0, 1, places=3))
def test_relative_is_the_exact_quotient(noisy, clean, required):
    assert relative(noisy, clean, required).kept == (Fraction(noisy, clean) >= Fraction(required))


def test_relative_of_029_of_100_is_29():
    assert relative(29, 100, Decimal("0.29")).kept
    assert not relative(28, 100, Decimal("0.29")).kept


def labelled(labels, predictions):
    made = ImageSet.from_images("set", [np.zeros((1, 1, 3), np.uint8)] * len(labels), labels, ["a", "b", "c"])
    result = Result(np.array(predictions, np.int16), np.zeros(len(labels), np.float32))
    return Measurement(Case("net", "set", Clean(), 0, "", "", ""), result, [(0, len(labels))], len(labels), 0.0, False), made


def test_the_worst_class_is_named_with_its_count():
    finding = worst_class(*labelled([0, 0, 1, 1, 1, 2], [0, 0, 1, 0, 0, 2]), Decimal("0.34"))
    assert (finding.value, finding.kept) == (pytest.approx(1 / 3), False)
    assert "worst class 'b': 1 of 3 right" in finding.words
    assert worst_class(*labelled([0, 0, 1, 1, 1, 2], [0, 0, 1, 0, 0, 2]), Decimal("0.33")).kept


def test_a_class_without_images_was_not_measured():
    with pytest.raises(RobustnessError, match="set has no image of c"):
        worst_class(*labelled([0, 1], [0, 1]), Decimal(0))


@given(RIGHTS, st.integers(0, 1000))
def test_monotone_is_kept_exactly_when_no_stronger_level_is_that_much_better(rights, tolerance):
    levels = [Gaussian(sigma) for sigma in range(1, len(rights) + 1)]
    rises = [after - before for n, after in enumerate(rights) for before in rights[:n]]
    finding = monotone(rights, levels, 1000, Decimal(tolerance) / 1000)
    assert finding.kept == all(rise <= tolerance for rise in rises)
    assert finding.value == pytest.approx(max(0, *rises) / 1000)


@given(RIGHTS, st.integers(1, 1000), st.decimals(0, 1, places=2))
def test_the_break_point_is_the_first_level_below_the_share(rights, clean, share):
    levels = tuple(Gaussian(sigma) for sigma in range(1, len(rights) + 1))
    finding = break_point(rights, clean, limit("break_point", levels=levels, of_clean=share))
    below = [level.sigma for level, right in zip(levels, rights, strict=True) if right < Fraction(share) * clean]
    assert finding.kept == (not below)
    assert finding.value == (below[0] if below else len(rights))


def test_mean_error_sums_levels_and_averages_kinds():
    levels = (Gaussian(5), Gaussian(10), Shot(1))
    ours = limit("mean_error", "0.75", levels=levels, reference="old")
    finding = mean_error([90, 80, 60], [80, 60, 20], 100, ours)  # 30 of 60 errors, 40 of 80
    assert (finding.value, finding.kept) == (0.5, True)
    assert not mean_error([90, 80, 0], [80, 60, 20], 100, ours).kept  # (0.5 + 1.25) / 2


def test_what_divides_has_to_be_there():
    with pytest.raises(RobustnessError, match="no clean image"):
        relative(0, 0, Decimal(0))
    with pytest.raises(RobustnessError, match="no clean image"):
        break_point([0], 0, limit("break_point", levels=LEVELS, of_clean=Decimal("0.5")))
    with pytest.raises(RobustnessError, match="old makes no error"):
        mean_error([1], [100], 100, limit("mean_error", levels=(Gaussian(5),), reference="old"))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (limit("accuracy"), [("net", Gaussian(20))]),
        (limit("relative"), [("net", Gaussian(20)), ("net", Clean())]),
        (limit("monotone", levels=LEVELS), [("net", level) for level in LEVELS]),
        (limit("break_point", levels=LEVELS), [*(("net", level) for level in LEVELS), ("net", Clean())]),
        (limit("mean_error", levels=LEVELS, reference="old"), [(name, level) for name in ("net", "old") for level in LEVELS]),
    ],
    ids=lambda value: value.asks if isinstance(value, Limit) else "",
)
def test_each_limit_names_the_cases_it_needs(asked, wanted):
    assert cases(asked, 40) == wanted
