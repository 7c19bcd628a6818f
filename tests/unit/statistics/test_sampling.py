"""Means over a population: against the exact tests of which theirs are extensions, against draws, and how often they err.

Run with -s to see the rates. A rate drawn N times may exceed its level by what a binomial count of N at that level exceeds it
in one of a thousand.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import most
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from robustness.errors import RobustnessError
from robustness.statistics.intervals import cluster_bounds, effective, lower_bound, upper_bound
from robustness.statistics.paired import Change, p_value
from robustness.statistics.sampling import Sampling, mean_interval, p_value_mean_above

LEVELS = [0.05, 0.01]
OUTCOMES = (0.0, 1.0)
ALPHAS = st.sampled_from([0.3, 0.1, 0.05, 0.01, 1e-3, 1e-6])
COUNTS = st.lists(st.integers(0, 5000), min_size=3, max_size=3).filter(any)  # of -1, 0 and 1
EFFECTS = st.sampled_from([1.0, 1.5, 24.2])


def differences(counts):
    return np.repeat([-1.0, 0.0, 1.0], counts)


@st.composite
def tracked(draw):
    """Values between -1 and 1 of one to sixty images, in as many tracks or fewer."""
    values = st.sampled_from([-1.0, -0.9, 0.0, 0.1, 1.0]) | st.floats(-1, 1)
    images = draw(st.lists(st.tuples(values, st.integers(0, 30)), min_size=1, max_size=60))
    return np.array([value for value, _ in images]), np.array([track for _, track in images])


@st.composite
def sampled(draw):
    """Values with one of the three kinds of sampling."""
    values, tracks = draw(tracked())
    return values, draw(st.sampled_from([Sampling(), Sampling(tracks), Sampling(design_effect=2.5)]))


# The exact tests that this one extends.


@settings(deadline=None)
@given(COUNTS)
def test_for_differences_of_independent_images_it_is_mcnemar_s(counts):
    mended, _, broken = counts
    exact = p_value(Change(broken, mended, sum(counts)))
    assert p_value_mean_above(differences(counts), 0.0, Sampling()) == pytest.approx(exact, rel=1e-4, abs=1e-40)


@settings(deadline=None)
@given(st.integers(1, 1000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), EFFECTS, ALPHAS)
def test_for_outcomes_it_is_clopper_and_pearson_s_whatever_the_design_effect(counts, effect, alpha):
    right, total = counts
    outcomes = (np.arange(total) < right).astype(float)
    interval = mean_interval(outcomes, Sampling(design_effect=effect), alpha, OUTCOMES)
    of_as_many = effective(right, total, effect)
    exact = lower_bound(*of_as_many, alpha / 2), upper_bound(*of_as_many, alpha / 2)
    assert interval == (pytest.approx(exact[0], abs=2e-9), pytest.approx(exact[1], abs=2e-9))


@settings(max_examples=50, deadline=None)
@given(tracked(), ALPHAS)
def test_for_outcomes_in_tracks_it_is_their_cluster_bounds(outcomes, alpha):
    values, tracks = outcomes
    right = values > 0
    bounds = cluster_bounds(right, tracks, alpha / 2)
    interval = mean_interval(right.astype(float), Sampling(tracks), alpha, OUTCOMES)
    assert interval == (pytest.approx(bounds[0], abs=2e-9), pytest.approx(bounds[1], abs=2e-9))


@settings(max_examples=50, deadline=None)
@given(tracked(), st.floats(-0.9, 0.9))
def test_tracks_of_one_image_are_independent_images(outcomes, bound):
    values, _ = outcomes
    alone, tracked = Sampling(), Sampling(7 * np.arange(len(values))[::-1] - 3)
    assert p_value_mean_above(values, bound, tracked) == pytest.approx(p_value_mean_above(values, bound, alone), rel=1e-9)
    assert mean_interval(values, tracked, 0.1) == pytest.approx(mean_interval(values, alone, 0.1), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(tracked(), st.floats(-0.9, 0.9))
def test_it_is_the_probability_under_random_weights(outcomes, bound):
    """What the docstring says, drawn: exponential weights, one track of the largest size and the least value added."""
    values, tracks = outcomes
    _, places = np.unique(tracks, return_inverse=True)
    sizes = np.bincount(places)
    totals = np.append(np.bincount(places, weights=values), -sizes.max()) - bound * np.append(sizes, sizes.max())
    weights = np.random.default_rng(0).standard_exponential((40_000, len(totals)))
    drawn = (weights @ totals <= 0).mean()
    assert p_value_mean_above(values, bound, Sampling(tracks)) == pytest.approx(drawn, abs=4 * math.sqrt(0.25 / 40_000))


# Properties.


@settings(max_examples=50, deadline=None)
@given(sampled(), st.randoms(use_true_random=False))
def test_the_order_of_images_is_of_no_consequence(outcomes, random):
    values, sampling = outcomes
    order = random.sample(range(len(values)), len(values))
    other = Sampling(None if sampling.tracks is None else sampling.tracks[order], sampling.design_effect)
    assert p_value_mean_above(values[order], 0.1, other) == pytest.approx(p_value_mean_above(values, 0.1, sampling), rel=1e-5)
    assert mean_interval(values[order], other, 0.1) == pytest.approx(mean_interval(values, sampling, 0.1), abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(sampled(), ALPHAS)
def test_intervals_contain_the_mean_widen_with_confidence_and_mirror(outcomes, alpha):
    values, sampling = outcomes
    low, high = mean_interval(values, sampling, alpha)
    assert -1 <= low <= values.mean() + 1e-9
    assert values.mean() - 1e-9 <= high <= 1
    wider = mean_interval(values, sampling, alpha / 3)
    assert wider[0] <= low + 1e-9
    assert wider[1] >= high - 1e-9
    assert wider != (low, high) or wider == (-1, 1)
    assert mean_interval(-values, sampling, alpha) == (pytest.approx(-high, abs=1e-9), pytest.approx(-low, abs=1e-9))


@settings(max_examples=50, deadline=None)
@given(sampled(), st.floats(-0.99, 0.99), ALPHAS)
def test_a_small_p_value_is_an_interval_above_the_bound(outcomes, bound, alpha):
    values, sampling = outcomes
    low, _ = mean_interval(values, sampling, alpha)
    if abs(low - bound) > 1e-7:
        assert (p_value_mean_above(values, bound, sampling) <= alpha / 2) == (low > bound)


@settings(max_examples=50, deadline=None)
@given(COUNTS, st.sampled_from([1.5, 24.2]))
def test_a_design_effect_takes_evidence_away(counts, effect):
    alone, worth_less = (
        mean_interval(differences(counts), sampling, 0.05) for sampling in (Sampling(), Sampling(design_effect=effect))
    )
    assert worth_less[0] <= alone[0]
    assert worth_less[1] >= alone[1]
    assert worth_less != alone


def test_what_no_value_can_be_makes_a_difference_to_what_is_shown():
    values = np.full(40, 0.1)  # 40 images of 1,000 that kept their outcome say less if another might have lost much
    assert p_value_mean_above(values, 0.05, Sampling(), (0.0, 0.1)) < p_value_mean_above(values, 0.05, Sampling())


@settings(max_examples=50, deadline=None)
@given(sampled(), st.sampled_from([0.5, 4.0]), ALPHAS)
def test_values_in_other_units_have_an_interval_in_those_units(outcomes, scale, alpha):
    values, sampling = outcomes
    scaled = mean_interval(scale * values, sampling, alpha, (-scale, scale))
    assert scaled == pytest.approx([scale * end for end in mean_interval(values, sampling, alpha)], abs=1e-8)


@pytest.mark.parametrize(("counts", "bound"), [([5, 12_615, 10], -0.5), ([0, 0, 1_000_000], 0.9), ([1, 10_000, 10_000], 0.01)])
def test_overwhelming_evidence_has_a_p_value_too(counts, bound):
    """Here the quadrature is of no use: the probability is below the least float's, or its integrand cancels."""
    values = differences(counts)
    assert 0 <= p_value_mean_above(values, bound, Sampling()) < 1e-40
    assert p_value_mean_above(-values, -bound, Sampling()) == pytest.approx(1, abs=1e-3)


# How often it errs, the truth lying at the bound.


def report(name, p_values, level):
    rates = ", ".join(f"{kind} {(np.array(drawn) <= level).mean():.4f}" for kind, drawn in p_values.items())
    print(f"{name}, {level}: {rates}")


def students(counts, values):
    """Student's t of the mean being above 0, for rows of counts of the values."""
    total = counts.sum(axis=1)
    means = counts @ values / total
    squares = counts @ values**2 / total - means**2
    return stats.t.sf(means / np.sqrt(np.maximum(squares, 1e-300) / (total - 1)), total - 1)


KEPT = {  # values of an image at a share of clean accuracy: gained, kept, lost, never right
    share: (np.array([1.0, 1 - share, -share, 0.0]), (-share, 1.0)) for share in (0.5, 0.9, 0.99)
}
DIFFERENT = np.array([1.0, -1.0, 0.0]), (-1.0, 1.0)


def at_the_bar(share, clean, gained):
    """The shares of each value in a population in which that share of clean accuracy is kept."""
    kept = share * clean - gained
    return [gained, kept, clean - kept, 1 - clean - gained]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "total", "chances"),
    [
        ("few discordant", DIFFERENT, 1000, [0.005, 0.005, 0.99]),
        ("hardly any", DIFFERENT, 200, [0.002, 0.002, 0.996]),
        ("many", DIFFERENT, 1000, [0.2, 0.2, 0.6]),
        ("half of clean", KEPT[0.5], 200, at_the_bar(0.5, 0.95, 0)),
        ("0.9 of clean", KEPT[0.9], 200, at_the_bar(0.9, 0.95, 0)),
        ("0.9 of clean", KEPT[0.9], 1000, at_the_bar(0.9, 0.98, 0.001)),
        ("0.99 of clean", KEPT[0.99], 200, at_the_bar(0.99, 0.95, 0)),
        ("0.99 of clean", KEPT[0.99], 1000, at_the_bar(0.99, 0.95, 0)),
    ],
)
def test_independent_images_err_within_the_level(name, kind, total, chances):
    (values, within), sets = kind, 10_000
    counts = np.random.default_rng(0).multinomial(total, chances, sets)
    kinds, places = np.unique(counts, axis=0, return_inverse=True)
    for sign in (1, -1):
        between = within if sign == 1 else (-within[1], -within[0])
        each = [p_value_mean_above(np.repeat(sign * values, row), 0.0, Sampling(), between) for row in kinds]
        p_values = {"errors": np.array(each)[places.ravel()], "Student's": students(counts, sign * values)}
        for level in LEVELS:
            report(f"{total} images, {name}, {'above' if sign == 1 else 'below'}", p_values, level)
            assert (p_values["errors"] <= level).sum() <= most(sets, level)
    assert (np.array(each) <= 0.05).any() or name == "hardly any"  # or nothing is ever shown


def test_student_s_t_errs_where_few_values_differ():
    """What the test is for: 95 % right without noise, 99 % of those kept, and t sees no spread where none was lost."""
    values, _ = KEPT[0.99]
    counts = np.random.default_rng(0).multinomial(200, at_the_bar(0.99, 0.95, 0), 20_000)
    assert (students(counts, values) <= 0.01).mean() > 0.14


def frames(rng, chances, values, sizes, correlation=0.8):
    """Values of the frames of tracks of those sizes, correlated within tracks, and the tracks' numbers."""
    weights = rng.gamma(np.array(chances) * (1 / correlation - 1) + 1e-12, size=(len(sizes), len(chances)))
    shares = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    tracks = np.repeat(np.arange(len(sizes)), sizes)
    drawn = (rng.random((len(tracks), 1)) > shares[tracks, :-1]).sum(axis=1)
    return values[drawn], tracks


TRACKS = [
    ("few discordant", DIFFERENT, np.full(100, 30), [0.01, 0.01, 0.98]),
    ("many", DIFFERENT, np.full(100, 30), [0.2, 0.2, 0.6]),
    ("of all sizes", DIFFERENT, np.arange(100) % 30 + 1, [0.1, 0.1, 0.8]),
    ("0.9 of clean", KEPT[0.9], np.full(100, 30), at_the_bar(0.9, 0.95, 0)),
    ("0.9 of clean", KEPT[0.9], np.full(421, 30), at_the_bar(0.9, 0.9, 0.01)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind", "sizes", "chances"), TRACKS)
def test_tracks_err_within_the_level_and_so_does_a_design_effect_that_is_known(name, kind, sizes, chances):
    (values, within), sets, rng = kind, 300, np.random.default_rng(1)
    effect = 1 + 0.8 * ((sizes**2).sum() / sizes.sum() - 1)
    p_values = {kind: [] for kind in ("tracks", "design effect", "taken as independent")}
    for _ in range(sets):
        drawn, tracks = frames(rng, chances, values, sizes)
        for sign in (1, -1):
            between = within if sign == 1 else (-within[1], -within[0])
            for kind, sampling in zip(p_values, (Sampling(tracks), Sampling(design_effect=effect), Sampling()), strict=True):
                p_values[kind].append(p_value_mean_above(sign * drawn, 0.0, sampling, between))
    for level in LEVELS:
        report(f"{len(sizes)} tracks, {name}", p_values, level)
        for side in (0, 1):
            assert (np.array(p_values["tracks"][side::2]) <= level).sum() <= most(sets, level)
            assert (np.array(p_values["design effect"][side::2]) <= level).sum() <= most(sets, level)
            assert (np.array(p_values["taken as independent"][side::2]) <= level).sum() > most(sets, level)


def test_many_tracks_are_tested_at_the_level_and_not_far_below():
    name, (values, _), sizes, chances = TRACKS[1]
    rng = np.random.default_rng(2)
    p_values = []
    for _ in range(400):
        drawn, tracks = frames(rng, chances, values, sizes)
        p_values.append(p_value_mean_above(drawn, 0.0, Sampling(tracks)))
    report(f"{len(sizes)} tracks, {name}", {"errors": p_values}, 0.05)
    assert (np.array(p_values) <= 0.05).mean() > 0.015


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [None, np.full(100, 30)])
def test_intervals_cover_the_mean(sizes):
    """Of differences whose mean is 0.02: an error on either side in one of twenty sets."""
    rng, sets = np.random.default_rng(3), 200
    ends = []
    for _ in range(sets):
        if sizes is None:
            values, sampling = differences(rng.multinomial(1000, [0.01, 0.96, 0.03])), Sampling()
        else:
            values, tracks = frames(rng, [0.05, 0.03, 0.92], DIFFERENT[0], sizes)
            sampling = Sampling(tracks)
        ends.append(mean_interval(values, sampling, 0.1))
    low, high = np.array(ends).T
    print(f"above {(low > 0.02).mean():.3f}, below {(high < 0.02).mean():.3f}, width {(high - low).mean():.4f}")
    assert (low > 0.02).sum() <= most(sets, 0.05)
    assert (high < 0.02).sum() <= most(sets, 0.05)


def test_more_that_is_refused():
    values = np.zeros(3)
    with pytest.raises(RobustnessError, match="1 or more"):
        Sampling(design_effect=0.99)
    with pytest.raises(RobustnessError, match="give one per image"):
        p_value_mean_above(values, 0.0, Sampling(np.zeros(4, dtype=np.int64)))
    with pytest.raises(RobustnessError, match="give one per image"):
        mean_interval(values[:0], Sampling(), 0.05)
    for outside in ([1.1], [-1.1], [math.nan]):
        with pytest.raises(RobustnessError, match="lie between -1 and 1"):
            mean_interval(np.array(outside), Sampling(), 0.05)
    for bound in (-1.0, 1.0, math.nan):
        with pytest.raises(RobustnessError, match="none to test for"):
            p_value_mean_above(values, bound, Sampling())
    for alpha in (0, 1, math.nan):
        with pytest.raises(RobustnessError, match="alpha"):
            mean_interval(values, Sampling(), alpha)
