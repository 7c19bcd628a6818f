"""Comparisons of two models on the same images, against SciPy, published values, and draws."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from scipy.optimize import brentq

from robustness.errors import RobustnessError
from robustness.statistics.paired import (
    Change,
    _moments,
    broken_places,
    drop_interval,
    excess_p_value,
    holm,
    images_needed_independent,
    images_needed_paired,
    mended_places,
    p_value,
)

CHANGES = st.integers(1, 20_000).flatmap(
    lambda total: st.integers(0, total).flatmap(
        lambda broken: st.builds(Change, st.just(broken), st.integers(0, total - broken), st.just(total))
    )
)
CLASSES = st.integers(1, 30).flatmap(lambda size: st.tuples(*[arrays.arrays(np.int16, size, elements=st.integers(0, 2))] * 3))


@given(CLASSES)
def test_a_change_is_counted_image_by_image(predicted):
    before, after, labels = predicted
    change = Change.from_predictions(before, after, labels)
    broken, mended = broken_places(before, after, labels), mended_places(before, after, labels)
    assert broken.tolist() == [i for i in range(labels.size) if before[i] == labels[i] != after[i]]
    assert mended.tolist() == [i for i in range(labels.size) if before[i] != labels[i] == after[i]]
    assert change == Change(len(broken), len(mended), labels.size)
    assert change.drop == pytest.approx((before == labels).mean() - (after == labels).mean())


@given(CHANGES)
def test_mcnemar_is_an_exact_one_sided_binomial_test(change):
    changed = change.broken + change.mended
    expected = stats.binomtest(change.broken, changed, 0.5, "greater").pvalue if changed else 1
    assert p_value(change) == pytest.approx(expected, rel=1e-9)
    assert excess_p_value(change, 0) == p_value(change)


def test_known_p_values():
    assert p_value(Change(0, 0, 100)) == 1
    assert p_value(Change(5, 0, 100)) == 1 / 32
    assert p_value(Change(0, 5, 100)) == 1
    assert p_value(Change(8, 2, 100)) == pytest.approx(56 / 1024)


@pytest.mark.parametrize(
    ("change", "low", "high"),
    [
        # M. W. Fagerland, S. Lydersen, P. Laake, "Statistical Analysis of Contingency Tables" (2017), section 8.6: Tango's
        # interval of the airway hyper-responsiveness of 21 patients, 1 and 7 of whom changed.
        (Change(1, 7, 21), -0.517, -0.026),
        # Where nothing changed it is Wilson's interval of none of 44, on both sides: z^2 / (n + z^2).
        (Change(0, 0, 44), -0.0803, 0.0803),
    ],
)
def test_the_moments_are_tango_s(change, low, high):
    """Without the two corrections the published interval results."""

    def score(drop):
        return (change.broken - change.mended - change.total * drop) / math.sqrt(_moments(change, drop)[0])

    z, estimate = stats.norm.isf(0.025), change.drop
    assert brentq(lambda drop: score(drop) - z, -0.999, estimate - 1e-9) == pytest.approx(low, abs=6e-4)
    assert brentq(lambda drop: score(drop) + z, estimate + 1e-9, 0.999) == pytest.approx(high, abs=6e-4)


@given(st.floats(0.001, 0.4), st.floats(0.001, 0.4))
def test_the_moments_are_those_of_the_likeliest_shares(broken_share, mended_share):
    """Asked for the drop observed, the shares are those observed, and the moments those of one image, drawn from them."""
    change = Change(round(broken_share * 10**6), round(mended_share * 10**6), 10**6)
    image = stats.rv_discrete(values=([1, -1, 0], [broken_share, mended_share, 1 - broken_share - mended_share]))
    variance, skewness = _moments(change, change.drop)
    assert variance == pytest.approx(10**6 * image.var(), rel=1e-2)
    assert skewness == pytest.approx(float(image.stats(moments="s")) / 1000, abs=1e-3)


@settings(max_examples=50)
@given(CHANGES, st.sampled_from([0.2, 0.1, 0.02, 0.002]))
def test_intervals_bracket_widen_and_mirror(change, alpha):
    low, high = drop_interval(change, alpha)
    assert -1 <= low <= change.drop <= high <= 1
    mirrored = drop_interval(Change(change.mended, change.broken, change.total), alpha)
    assert mirrored == (pytest.approx(-high, abs=1e-9), pytest.approx(-low, abs=1e-9))
    wider = drop_interval(change, alpha / 2)
    assert wider[0] <= low + 1e-9
    assert wider[1] >= high - 1e-9


@settings(max_examples=50)
@given(CHANGES, st.floats(1e-4, 0.99), st.sampled_from([0.1, 0.02]))
def test_an_alarm_is_an_interval_above_the_drop_allowed(change, max_drop, alpha):
    low, _ = drop_interval(change, 2 * alpha)
    if abs(low - max_drop) > 1e-6:
        assert (excess_p_value(change, max_drop) <= alpha) == (low > max_drop)


@settings(max_examples=50)
@given(CHANGES, st.lists(st.floats(1e-4, 0.99), min_size=2, max_size=5).map(sorted))
def test_a_larger_drop_allowed_makes_fewer_alarms(change, drops):
    values = [excess_p_value(change, drop) for drop in drops]
    assert all(first <= second + 1e-9 for first, second in pairwise(values) if second < 0.5)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]  # bars 0.0125, 0.0167, 0.025, 0.05
    assert holm([0.04, 0.03], 0.05) == [False, False]
    assert holm([0.025, 0.05], 0.05) == [True, True]
    assert holm([], 0.05) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from([0.05, 0.01]))
def test_holm_alarms_at_least_where_bonferroni_does_and_only_below_alpha(values, alpha):
    for alarm, value in zip(holm(values, alpha), values, strict=True):
        assert alarm or value > alpha / len(values)
        assert not alarm or value <= alpha


PLANS = [(0.02, 0.01, 0.05), (0.05, 0.03, 0.05), (0.01, 0.002, 0.01), (0.3, 0.1, 0.05)]


@pytest.mark.parametrize(("broken", "mended", "alpha"), PLANS)
def test_the_images_needed_for_a_paired_comparison_give_the_power(broken, mended, alpha):
    images = images_needed_paired(broken, mended, alpha)
    drawn = np.random.default_rng(0).multinomial(images, [broken, mended, 1 - broken - mended], 20_000)
    noticed = stats.binom.sf(drawn[:, 0] - 1, drawn[:, 0] + drawn[:, 1], 0.5) <= alpha
    assert noticed.mean() == pytest.approx(0.8, abs=0.0125)  # four standard deviations, and the ripple
    # R. J. Connor, "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43 (1987).
    # It is normal and needs fewer; the exact test's discreteness costs about 1 / drop more.
    changed, drop = broken + mended, broken - mended
    z, quantile = stats.norm.isf(alpha), stats.norm.ppf(0.8)
    connor = ((z * math.sqrt(changed) + quantile * math.sqrt(changed - drop**2)) / drop) ** 2
    assert connor < images < connor + 2 / drop


@pytest.mark.parametrize(("before", "after", "alpha"), [(0.95, 0.94, 0.05), (0.9, 0.88, 0.01), (0.6, 0.5, 0.05)])
def test_the_images_needed_for_independent_sets_give_the_power(before, after, alpha):
    images = images_needed_independent(before, after, alpha)
    first, second = np.random.default_rng(0).binomial(images, [[before], [after]], (2, 20_000)) / images
    mean = (first + second) / 2
    noticed = first - second >= stats.norm.isf(alpha) * np.sqrt(2 * mean * (1 - mean) / images)
    assert noticed.mean() == pytest.approx(0.8, abs=0.0125)


def test_pairing_needs_fewer_images():
    paired = images_needed_paired(0.015, 0.005, 0.05)
    independent = images_needed_independent(0.95, 0.94, 0.05)
    print(f"one point of 95 %, noticed 8 times of 10 at 0.05: {paired:,} images paired, {independent:,} per model apart")
    assert 4 * paired < independent


@pytest.mark.parametrize("refused", [(-1, 0, 10), (0, -1, 10), (6, 5, 10), (0, 0, 0)])
def test_what_is_no_comparison_is_refused(refused):
    with pytest.raises(RobustnessError, match="no comparison"):
        Change(*refused)


def test_predictions_that_cannot_be_compared_are_refused():
    whole = np.zeros(4, dtype=np.int16)
    with pytest.raises(RobustnessError, match="shape"):
        Change.from_predictions(whole, whole[:3], whole)
    with pytest.raises(RobustnessError, match="evaluate them in full"):
        Change.from_predictions(whole, np.array([0, 0, 0, -1]), whole)


def test_more_that_is_refused():
    change = Change(3, 1, 100)
    for max_drop in (-0.01, 1.0, math.nan):
        with pytest.raises(RobustnessError, match="maximal drop"):
            excess_p_value(change, max_drop)
    with pytest.raises(RobustnessError, match="alpha"):
        drop_interval(change, 0)
    with pytest.raises(RobustnessError, match="p-values"):
        holm([0.1, math.nan], 0.05)
    for shares in ((0.1, 0.1), (0.1, 0.2), (0.7, 0.4)):
        with pytest.raises(RobustnessError, match="no drop to notice"):
            images_needed_paired(*shares, 0.05)
    with pytest.raises(RobustnessError, match="no drop to notice"):
        images_needed_independent(0.9, 0.9, 0.05)
    with pytest.raises(RobustnessError, match="power"):
        images_needed_paired(0.2, 0.1, 0.05, power=1)
    with pytest.raises(RobustnessError, match="too small"):
        images_needed_paired(0.1000001, 0.1, 0.05)
