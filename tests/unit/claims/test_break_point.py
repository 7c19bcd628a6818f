"""Where accuracy breaks: on searches made by hand, and how often intervals and outcomes err on populations that are known.

Run with -s to see the rates. A rate drawn N times may exceed its level by what a binomial count of N at that level exceeds it
in one of a thousand.
"""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from builders import NEVER, most, searched
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robustness.claims.break_point import breaks_within, find_break_point, level_interval
from robustness.claims.outcome import Outcome
from robustness.errors import RobustnessError
from robustness.noise import Offset, Resolution
from robustness.search.critical import Flips, Search
from robustness.statistics.sampling import Sampling

NINE_TENTHS = Decimal("0.9")


def falling(total, lost_from):
    """All right; from a level on, one image in a hundred lost at every level."""
    images = np.arange(total) * 100 // total
    return searched(np.minimum(lost_from + images, NEVER))


IMAGES = st.tuples(st.integers(1, NEVER), st.booleans(), st.booleans())


@st.composite
def searches(draw):
    """Two to two hundred images, at least one of them right."""
    images = draw(st.lists(IMAGES, min_size=2, max_size=20)) * draw(st.integers(1, 10))
    levels, right, mended = (np.array(column) for column in zip(*images, strict=True))
    assume(right.any())
    return searched(levels, right, mended & ~right)


def ends(point):
    """The interval with infinity for what lies beyond the range."""
    return tuple(math.inf if end is None else end for end in (point.low, point.high))


# What is found.


def test_accuracy_breaks_at_the_first_level_below_the_share():
    point = find_break_point(falling(10_000, 40), NINE_TENTHS, Sampling(), 0.05)
    assert point.found == 25  # level 50, the 11th to lose a hundredth
    assert point.low <= 25 <= point.high
    assert point.high - point.low <= 1
    assert find_break_point(falling(100, 40), NINE_TENTHS, Sampling(), 0.05).found == 25  # at 90 of 100 it is not below yet


@pytest.mark.parametrize(
    ("total", "low", "high"),
    [(5, 0, None), (6, 0, 10), (35, 0, 10), (36, 10, 10)],  # 1.9 ** -6 and 0.9 ** 36 are the first powers below 0.025
)
def test_how_many_images_show_that_all_are_kept_and_then_lost(total, low, high):
    """All are right up to level 19 and wrong from level 20 on, where sigma is 10. Images never right say nothing."""
    for never in (0, 100):
        levels, right = np.repeat([20, NEVER], [total, never]), np.repeat([True, False], [total, never])
        point = find_break_point(searched(levels, right), NINE_TENTHS, Sampling(), 0.05)
        assert (point.low, point.found, point.high) == (low, 10, high)


def test_an_interval_may_lie_beyond_the_range_searched():
    held = find_break_point(searched(np.full(1000, NEVER)), NINE_TENTHS, Sampling(), 0.05)
    assert (held.found, held.low, held.high) == (None, None, None)
    nearly = find_break_point(searched([*[NEVER] * 92, *[60] * 8]), NINE_TENTHS, Sampling(), 0.05)
    assert (nearly.found, nearly.low, nearly.high) == (None, 30, None)


def test_an_accuracy_that_rises_again_leaves_the_upper_end_open():
    """900 lost at level 20, as many of other images mended at level 100."""
    levels, right = np.repeat([20, NEVER, 100], [900, 100, 900]), np.repeat([True, True, False], [900, 100, 900])
    point = find_break_point(searched(levels, right, ~right), NINE_TENTHS, Sampling(), 0.05)
    assert (point.low, point.found, point.high) == (10, 10, None)


def test_tracks_and_design_effects_widen_the_interval():
    search = falling(3000, 40)
    alone = find_break_point(search, NINE_TENTHS, Sampling(), 0.05)
    in_tracks = find_break_point(search, NINE_TENTHS, Sampling(np.arange(3000) // 30), 0.05)
    inflated = find_break_point(search, NINE_TENTHS, Sampling(design_effect=30), 0.05)
    assert max(in_tracks.low, inflated.low) < alone.low
    assert min(in_tracks.high, inflated.high) > alone.high


@settings(max_examples=25, deadline=None)
@given(searches(), st.sampled_from([Decimal("0.5"), NINE_TENTHS, Decimal(1)]))
def test_the_interval_contains_what_is_found_and_narrows_with_alpha(search, share):
    wide, narrow = (find_break_point(search, share, Sampling(), alpha) for alpha in (0.01, 0.2))
    found = math.inf if wide.found is None else wide.found
    assert ends(wide)[0] <= ends(narrow)[0] <= found <= ends(narrow)[1] <= ends(wide)[1]


@settings(max_examples=15, deadline=None)
@given(searches(), st.randoms(use_true_random=False))
def test_the_order_of_images_changes_nothing(search, random):
    order = random.sample(range(len(search.labels)), len(search.labels))
    flips = search.flips
    mixed = Flips(flips.clean[order], flips.critical[order], flips.after[order], flips.tries[order])
    again = Search(search.of, mixed, search.labels, 0.0, False)
    assert find_break_point(again, NINE_TENTHS, Sampling(), 0.1) == find_break_point(search, NINE_TENTHS, Sampling(), 0.1)


def test_what_has_no_break_point_is_refused():
    with pytest.raises(RobustnessError, match="no clean image"):
        find_break_point(searched([3, 4], [False, False]), NINE_TENTHS, Sampling(), 0.05)
    for share in ("0", "1.01", "-0.5"):
        with pytest.raises(RobustnessError, match="above 0 and is at most 1"):
            find_break_point(falling(100, 10), Decimal(share), Sampling(), 0.05)


# What becomes of a range named beforehand.


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        ((20, 30), Outcome.SUPPORTED),
        ((30, 20), Outcome.SUPPORTED),
        ((0, 24), Outcome.UNDECIDED),
        ((25, 40), Outcome.UNDECIDED),
        ((24.9, 25.1), Outcome.UNDECIDED),
        ((0, 20), Outcome.REFUTED),
        ((30, 90), Outcome.REFUTED),
    ],
)
def test_a_range_is_supported_refuted_or_undecided(expected, outcome):
    """The interval is about 23 to 27."""
    tested = breaks_within(falling(2000, 40), NINE_TENTHS, expected, Sampling(), 0.05)
    assert tested.outcome is outcome
    low, high = tested.evidence.interval
    assert 22 < low < 24.9
    assert 25.1 < high < 28
    assert (tested.evidence.break_point, tested.evidence.of_clean) == (25, "0.9")
    assert "0.9 of clean accuracy at sigma 25" in tested.words


@pytest.mark.parametrize(
    ("expected", "outcome"), [((10, 90), Outcome.REFUTED), ((10, 100), Outcome.REFUTED), ((10, 101), Outcome.UNDECIDED)]
)
def test_beyond_the_range_searched_nothing_is_supported(expected, outcome):
    tested = breaks_within(searched(np.full(1000, NEVER)), NINE_TENTHS, expected, Sampling(), 0.05)
    assert tested.outcome is outcome
    assert tested.evidence.interval == (None, None)
    assert "at sigma beyond 100, in the population at beyond 100; expected" in tested.words


@pytest.mark.parametrize(
    ("noise", "inside", "outside"),
    [(Offset(levels=-200), (-30, -20), (-90, -30)), (Resolution(factor=5), (1.4, 1.6), (1.6, 3))],
)
def test_a_noise_may_start_elsewhere_and_grow_downwards(noise, inside, outside):
    """All images are lost at the 25th of 200 levels: -25 grey levels, or a factor of 1.5."""
    search = searched(np.full(1000, 25), noise=noise)
    assert breaks_within(search, NINE_TENTHS, inside, Sampling(), 0.05).outcome is Outcome.SUPPORTED
    assert breaks_within(search, NINE_TENTHS, outside, Sampling(), 0.05).outcome is Outcome.REFUTED


# How often it errs.


def population(rng, survival, tracks=None):
    """For each level whether each of a thousand images, or of 100 tracks of 20 frames, is right there: (levels, N).

    Nineteen in twenty are right without noise, and `survival` of them at each level. Nine in ten of a track's frames do as the
    track does.
    """
    if tracks is None:
        clean, strength = rng.random(1000) < 0.95, rng.random(1000)
    else:
        units = tracks.max() + 1
        follows = rng.random(len(tracks)) < 0.9
        clean = np.where(follows, (rng.random(units) < 0.95)[tracks], rng.random(len(tracks)) < 0.95)
        strength = np.where(follows, rng.random(units)[tracks], rng.random(len(tracks)))
    return clean & (strength < survival[:, None])


@pytest.mark.slow
@pytest.mark.parametrize("tracks", [None, np.repeat(np.arange(100), 20)])
@pytest.mark.parametrize(("at_bar", "break_point"), [(0.9, 6), (0.9 - 1e-9, 5)])
def test_the_interval_covers_the_break_point(tracks, at_bar, break_point):
    """Level 5 is where the share of clean accuracy is kept exactly, or only just not: the tests there err most."""
    survival = np.array([1, 0.99, 0.98, 0.97, 0.96, at_bar, 0.8, 0.6, 0.5, 0.4])
    sets, alpha, rng = 200, 0.1, np.random.default_rng(0)
    early = late = 0
    for _ in range(sets):
        right = population(rng, survival, tracks)
        low, high = level_interval(lambda level, right=right: right[level] - 0.9 * right[0], 9, 0.9, Sampling(tracks), alpha)
        late += low is None or low > break_point
        early += high is not None and high < break_point
    print(f"break point {break_point}, {alpha}: lower end above it {late / sets:.3f}, upper end below it {early / sets:.3f}")
    assert late <= most(sets, alpha / 2)
    assert early <= most(sets, alpha / 2)
    assert early + late > sets * alpha / 20  # or nothing was tested


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected", "wrong"),
    [
        ("from just above", (25.5, 40), "supported"),
        ("up to just below", (5, 24.5), "supported"),
        ("from", (25, 40), "refuted"),
        ("up to", (5, 25), "refuted"),
    ],
)
def test_outcomes_err_within_their_level(name, expected, wrong):
    """Accuracy breaks at sigma = 25, where nine in ten are kept but for one in a thousand million."""
    survival = np.interp(np.arange(1, NEVER), [0, 49, 50, 51, 200], [1, 0.9, 0.9 - 1e-9, 0.895, 0.2])
    sets, alpha, rng = 50, 0.1, np.random.default_rng(1)
    outcomes = []
    for _ in range(sets):
        levels = 1 + np.searchsorted(-survival, -rng.random(600))
        search = searched(levels, rng.random(600) < 0.95)
        outcomes.append(str(breaks_within(search, NINE_TENTHS, expected, Sampling(), alpha).outcome))
    print(f"range {name} the truth, {alpha}: " + ", ".join(f"{kind} {outcomes.count(kind)}" for kind in Outcome))
    assert outcomes.count(wrong) <= most(sets, alpha)
    assert set(outcomes) - {wrong}
