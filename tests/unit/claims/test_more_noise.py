"""More noise never helps: on outcomes made by hand, and how often it errs on populations that are known.

Run with -s to see the rates. A rate drawn N times may exceed its level by what a binomial count of N at that level exceeds it
in one of a thousand.
"""

from __future__ import annotations

import numpy as np
import pytest
from builders import most
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.claims.more_noise import more_noise_never_helps
from robustness.claims.outcome import Outcome
from robustness.errors import RobustnessError
from robustness.noise import Clean, Gaussian
from robustness.statistics.paired import Change, holm, p_value
from robustness.statistics.sampling import Sampling, mean_interval

LEVELS = [Gaussian(sigma=sigma) for sigma in (5, 25, 50)]
TRACKS = np.repeat(np.arange(100), 10)


def rights(total, *wrong):
    """At each level the first images wrong, so many of all."""
    return {level: np.arange(total) >= count for level, count in zip(LEVELS, wrong, strict=False)}


def test_accuracy_that_falls_supports_the_claim():
    tested = more_noise_never_helps(rights(1000, 10, 50, 200), Sampling(), 0.05, 0.01)
    assert tested.outcome is Outcome.SUPPORTED
    pairs = tested.evidence.pairs
    assert [pair.levels for pair in pairs] == [(str(LEVELS[i]), str(LEVELS[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert pairs[0].accuracies == (0.99, 0.95)
    assert pairs[0].rise == pytest.approx(-0.04)
    assert all(pair.at_most < 0 and pair.p_value == 1 for pair in pairs)
    assert "between none of 3 pairs of levels; it falls by 0.0" in tested.words


def test_one_rise_refutes_it():
    tested = more_noise_never_helps(rights(1000, 10, 50, 40), Sampling(), 0.05, 0.02)
    assert tested.outcome is Outcome.REFUTED
    last = tested.evidence.pairs[2]
    assert (last.p_value, last.alarm) == (pytest.approx(p_value(Change(10, 0, 1000))), True)
    assert "between 1 of 3 pairs of levels, most clearly from gaussian(sigma=25) (0.9500) to gaussian(sigma=50)" in tested.words


def test_a_rise_is_one_between_any_two_levels():
    rise = rights(1000, 30, 27, 24)  # by 3 images from each to the next, which is not significant, and by 6 in all
    assert [pair.alarm for pair in more_noise_never_helps(rise, Sampling(), 0.05, 0.1).evidence.pairs] == [
        False,
        True,
        False,
    ]


def test_where_images_are_few_nothing_is_shown():
    level = rights(200, 20, 20, 20)
    assert (
        more_noise_never_helps(level, Sampling(), 0.05, 0.01).outcome is Outcome.UNDECIDED
    )  # 1 - (0.05 / 3) ** (1 / 200) = 0.02
    assert more_noise_never_helps(level, Sampling(), 0.05, 0.021).outcome is Outcome.SUPPORTED
    assert more_noise_never_helps(level, Sampling(np.arange(200) // 10), 0.05, 0.021).outcome is Outcome.UNDECIDED
    assert more_noise_never_helps(level, Sampling(design_effect=2.0), 0.05, 0.021).outcome is Outcome.UNDECIDED


def test_levels_are_told_from_weak_to_strong():
    """Turned round, a fall is a rise."""
    falling = rights(1000, 10, 50, 200)
    assert more_noise_never_helps(dict(reversed(falling.items())), Sampling(), 0.05, 0.01).outcome is Outcome.REFUTED


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
def test_bounds_are_one_sided_and_the_order_of_images_changes_nothing(outcomes, times, random):
    table = np.array(outcomes * times)
    mixed = table[random.sample(range(len(table)), len(table))]
    given_rights, mixed_rights = (dict(zip(LEVELS, rows.T, strict=True)) for rows in (table, mixed))
    tested = more_noise_never_helps(given_rights, Sampling(), 0.06, 0.05)
    assert more_noise_never_helps(mixed_rights, Sampling(), 0.06, 0.05) == tested
    pairs = tested.evidence.pairs
    assert [pair.alarm for pair in pairs] == holm([pair.p_value for pair in pairs], 0.06)
    for pair, (weak, strong) in zip(pairs, ((0, 1), (0, 2), (1, 2)), strict=True):
        assert pair.at_most == mean_interval(table[:, strong].astype(float) - table[:, weak], Sampling(), 0.12)[1]
        assert pair.rise <= pair.at_most + 1e-9


@pytest.mark.parametrize("refused", [{}, {Clean(): np.ones(3, dtype=bool)}])
def test_one_level_alone_is_refused(refused):
    with pytest.raises(RobustnessError, match="two levels or more"):
        more_noise_never_helps(refused, Sampling(), 0.05, 0.01)


def drawn(rng, wrong, tracks):
    """Outcomes of 1,000 images at each level, wrong with those chances; of tracks, nine frames in ten do as their track."""
    if tracks is None:
        rows = [rng.random(1000) >= chance for chance in wrong]
    else:
        units, alike = tracks.max() + 1, rng.random(len(tracks)) < 0.9
        rows = [np.where(alike, (rng.random(units) >= chance)[tracks], rng.random(len(tracks)) >= chance) for chance in wrong]
    return dict(zip(LEVELS, rows, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("tracks", [None, TRACKS])
@pytest.mark.parametrize("wrong", [0.01, 0.3])
def test_an_accuracy_that_stays_is_seldom_said_to_rise(tracks, wrong):
    rng, sets, alpha = np.random.default_rng(0), 100, 0.1
    outcomes = [
        more_noise_never_helps(drawn(rng, [wrong] * 3, tracks), Sampling(tracks), alpha, 1e-3).outcome for _ in range(sets)
    ]
    rate = outcomes.count(Outcome.REFUTED) / sets
    print(f"three levels of {wrong} wrong, {'images' if tracks is None else 'tracks'}, {alpha}: refuted {rate:.3f}")
    assert outcomes.count(Outcome.REFUTED) <= most(sets, alpha)
    assert outcomes.count(Outcome.UNDECIDED) > sets / 2


@pytest.mark.slow
def test_a_rise_that_is_not_negligible_is_seldom_missed():
    """By just more than the 0.00533 declared negligible: as much as the bound allows where accuracy rises by two images."""
    rng, sets, alpha = np.random.default_rng(1), 200, 0.1
    outcomes = []
    for _ in range(sets):
        weak, strong = rng.random(1000) >= 0.00534, np.ones(1000, dtype=bool)
        outcomes.append(more_noise_never_helps({LEVELS[0]: weak, LEVELS[1]: strong}, Sampling(), alpha, 0.00533).outcome)
    rates = {str(outcome): outcomes.count(outcome) / sets for outcome in Outcome}
    print(f"a rise of 0.00534, 0.00533 negligible, {alpha}: {rates}")
    assert 0 < outcomes.count(Outcome.SUPPORTED) <= most(sets, alpha)
