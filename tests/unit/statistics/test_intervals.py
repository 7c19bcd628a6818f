"""Bounds of an accuracy, against SciPy's own, closed forms, and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from robustness.errors import RobustnessError
from robustness.statistics.intervals import (
    cluster_bounds,
    cluster_images_to_decide,
    design_effect,
    effective,
    images_to_decide,
    lower_bound,
    upper_bound,
)

ALPHAS = st.sampled_from([0.3, 0.1, 0.05, 0.01, 1e-3, 1e-6])
COUNTS = st.integers(1, 100_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@st.composite
def tracked(draw):
    """Outcomes of images in one to forty tracks of one to twenty images."""
    hits = draw(st.lists(st.integers(0, 20).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))), max_size=40))
    hits = [(right, size) for right, size in hits if size] or [(1, 2)]
    right = np.concatenate([np.arange(size) < count for count, size in hits])
    return right, np.repeat(np.arange(len(hits)), [size for _, size in hits])


@given(COUNTS, ALPHAS)
def test_clopper_and_pearson_as_in_scipy(counts, alpha):
    right, total = counts
    interval = stats.binomtest(right, total).proportion_ci(1 - 2 * alpha, "exact")
    assert lower_bound(right, total, alpha) == pytest.approx(interval.low, rel=1e-9, abs=1e-12)
    assert upper_bound(right, total, alpha) == pytest.approx(interval.high, rel=1e-9, abs=1e-12)


def test_all_right_has_a_closed_form():
    assert lower_bound(59, 59, 0.05) == pytest.approx(0.05 ** (1 / 59))  # 0.9505: 59 images for 95 % at 95 %
    assert upper_bound(59, 59, 0.05) == 1
    assert upper_bound(0, 300, 0.05) == pytest.approx(1 - 0.05 ** (1 / 300))  # about 3 / 300
    assert lower_bound(0, 300, 0.05) == 0


@given(COUNTS, ALPHAS, st.floats(1, 50))
def test_bounds_bracket_the_share_and_mirror_each_other(counts, alpha, effect):
    right, total = effective(*counts, effect)
    low, high = lower_bound(right, total, alpha), upper_bound(right, total, alpha)
    assert 0 <= low <= right / total <= high <= 1
    assert upper_bound(total - right, total, alpha) == pytest.approx(1 - low, rel=1e-9, abs=1e-12)


@given(COUNTS, ALPHAS, st.floats(1, 50))
def test_bounds_rise_with_the_count_and_widen_with_confidence_and_design_effect(counts, alpha, effect):
    right, total = counts
    assume(right < total)
    assert lower_bound(right, total, alpha) < lower_bound(right + 1, total, alpha)
    assert upper_bound(right, total, alpha) < upper_bound(right + 1, total, alpha) or right + 1 == total
    assert lower_bound(right, total, alpha / 2) <= lower_bound(right, total, alpha)
    assert lower_bound(*effective(right, total, effect), alpha) <= lower_bound(right, total, alpha) + 1e-12
    assert upper_bound(*effective(right, total, effect), alpha) >= upper_bound(right, total, alpha) - 1e-12


@given(COUNTS, st.floats(0, 1), ALPHAS)
def test_images_to_decide_is_the_least_number_that_decides(counts, limit, alpha):
    right, total = counts
    share = right / total
    images = images_to_decide(right, total, limit, alpha)
    assume(images is not None and images < 10**6)

    def decided(images):
        low, high = lower_bound(share * images, images, alpha), upper_bound(share * images, images, alpha)
        return low >= limit + 1e-9 or high < limit - 1e-9, low >= limit - 1e-9 or high < limit + 1e-9

    assert decided(images)[1]  # within what two ways of computing the same may differ by
    assert images == 1 or not decided(images - 1)[0]


def test_no_number_decides_a_share_that_equals_the_limit():
    assert images_to_decide(29, 100, 0.29, 0.05) is None
    assert images_to_decide(10, 10, 1.0, 0.05) is None
    assert images_to_decide(1, 3, 1 / 3 + 1e-9, 0.05) is None  # 10^18 images
    assert images_to_decide(5000, 10_000, 0.50001, 1e-6) == pytest.approx(0.25 * (stats.norm.isf(1e-6) / 1e-5) ** 2, rel=1e-3)
    assert images_to_decide(10, 10, 0.9, 0.05) == 29  # 0.9^29 is the first power below 0.05
    assert images_to_decide(0, 10, 0.1, 0.05) == 29


def test_design_effect_of_known_designs():
    rng = np.random.default_rng(0)
    right = rng.random(3000) < 0.8
    assert design_effect(right, np.arange(3000)) == pytest.approx(1)
    assert design_effect(np.repeat(right, 10), np.repeat(np.arange(3000), 10)) == pytest.approx(10, rel=1e-3)
    spread = np.tile(np.arange(10) < 8, 300)  # every track has the same share: less variance than independent images
    assert design_effect(spread, np.repeat(np.arange(300), 10)) == 1


def test_design_effect_is_that_of_repeated_sampling():
    """1 + (size - 1) * correlation, for beta-binomial tracks of one size."""
    rng = np.random.default_rng(1)
    shares = rng.beta(0.9, 0.1, 20_000)  # correlation within tracks: 1 / (0.9 + 0.1 + 1)
    right = rng.random((20_000, 30)) < shares[:, None]
    assert design_effect(right.ravel(), np.repeat(np.arange(20_000), 30)) == pytest.approx(1 + 29 / 2, rel=0.03)


@pytest.mark.parametrize("outcome", [True, False])
def test_without_spread_there_is_no_design_effect(outcome):
    with pytest.raises(RobustnessError, match="no estimate of a design effect"):
        design_effect(np.full(60, outcome), np.repeat(np.arange(2), 30))


def test_one_track_has_no_design_effect():
    with pytest.raises(RobustnessError, match="spread between tracks"):
        design_effect(np.arange(60) < 30, np.zeros(60, dtype=np.int64))


@settings(max_examples=30)
@given(st.integers(1, 400).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), st.integers(1, 30), ALPHAS)
def test_tracks_of_one_outcome_count_as_one_image_each(counts, size, alpha):
    right, total = counts
    low, high = cluster_bounds(np.repeat(np.arange(total) < right, size), np.repeat(np.arange(total), size), alpha)
    assert low == pytest.approx(lower_bound(right, total, alpha), abs=1e-9)
    assert high == pytest.approx(upper_bound(right, total, alpha), abs=1e-9)


def test_no_bound_beyond_what_the_number_of_tracks_supports():
    right = np.ones(900, dtype=bool)
    assert cluster_bounds(right, np.repeat(np.arange(30), 30), 0.05) == (pytest.approx(0.05 ** (1 / 30)), 1)
    assert cluster_bounds(right, np.zeros(900, dtype=np.int64), 0.05) == (pytest.approx(0.05), 1)
    assert cluster_bounds(~right, np.repeat(np.arange(30), 30), 0.05) == (0, pytest.approx(1 - 0.05 ** (1 / 30)))
    right[0] = False  # one wrong frame changes little
    assert cluster_bounds(right, np.repeat(np.arange(30), 30), 0.05)[0] == pytest.approx(0.05 ** (1 / 30), abs=0.002)


@settings(max_examples=25)
@given(tracked(), st.sampled_from([0.2, 0.05, 0.01]))
def test_cluster_bounds_are_quantiles_of_random_weights(outcomes, alpha):
    """What the docstring says, drawn: exponential weights, one track of the largest size and all wrong (or right) added."""
    right, tracks = outcomes
    sizes = np.bincount(tracks)
    hits = np.bincount(tracks, weights=right)
    weights = np.random.default_rng(0).standard_exponential((40_000, sizes.size + 1))
    all_sizes = np.append(sizes, sizes.max())
    for bound, below, added in zip(cluster_bounds(right, tracks, alpha), (alpha, 1 - alpha), (0, sizes.max()), strict=True):
        shares = weights @ np.append(hits, added) / (weights @ all_sizes)
        tolerance = 4 * math.sqrt(alpha * (1 - alpha) / 40_000)
        assert (shares < bound - 1e-9).mean() - tolerance <= below <= (shares <= bound + 1e-9).mean() + tolerance


@settings(max_examples=30)
@given(tracked(), ALPHAS)
def test_cluster_bounds_bracket_widen_and_mirror(outcomes, alpha):
    right, tracks = outcomes
    low, high = cluster_bounds(right, tracks, alpha)
    assert 0 <= low <= right.mean() + 1e-12
    assert right.mean() - 1e-12 <= high <= 1
    assert cluster_bounds(~right, tracks, alpha) == (pytest.approx(1 - high), pytest.approx(1 - low))
    wider = cluster_bounds(right, tracks, alpha / 3)
    assert wider[0] <= low + 1e-9
    assert wider[1] >= high - 1e-9
    assert cluster_bounds(right, 7 * tracks - 3, alpha) == (low, high)  # tracks have names, no order


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        *((counts, "is no measurement") for counts in ((-1, 10, 0.05), (11, 10, 0.05), (0, 0, 0.05), (math.nan, 10, 0.05))),
        ((5, 10, 0), "^alpha is 0: "),
        ((5, 10, 1), "^alpha is 1: "),
    ],
)
@pytest.mark.parametrize("bound", [lower_bound, upper_bound, lambda *counts: images_to_decide(*counts[:2], 0.5, counts[2])])
def test_what_is_no_measurement_is_refused(bound, refused, said):
    with pytest.raises(RobustnessError, match=said):
        bound(*refused)


def test_more_that_is_refused():
    with pytest.raises(RobustnessError, match="1 or more"):
        effective(5, 10, 0.99)
    with pytest.raises(RobustnessError, match="one of each per image"):
        cluster_bounds(np.ones(3, dtype=bool), np.zeros(4, dtype=np.int64), 0.05)
    with pytest.raises(RobustnessError, match="one of each per image"):
        design_effect(np.ones(0, dtype=bool), np.zeros(0, dtype=np.int64))
    with pytest.raises(RobustnessError, match="alpha"):
        cluster_bounds(np.ones(3, dtype=bool), np.zeros(3, dtype=np.int64), 1.0)
    with pytest.raises(RobustnessError, match="no accuracy"):
        images_to_decide(5, 10, 1.5, 0.05)
    with pytest.raises(RobustnessError, match="no accuracy"):
        cluster_images_to_decide(np.ones(3, dtype=bool), np.zeros(3, dtype=np.int64), -0.5, 0.05)
