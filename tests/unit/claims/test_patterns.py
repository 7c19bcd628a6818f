"""Noises compared two by two: on outcomes made by hand, and how often it errs on populations that are known.

Run with -s to see the rates. A rate drawn N times may exceed its level by what a binomial count of N at that level exceeds it
in one of a thousand.
"""

from __future__ import annotations

import numpy as np
import pytest
from builders import most
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.claims.outcome import Outcome
from robustness.claims.patterns import order_differs, patterns_differ
from robustness.errors import RobustnessError
from robustness.noise import Gaussian, Offset, Periodic
from robustness.statistics.paired import Change, holm, p_value
from robustness.statistics.sampling import Sampling, mean_interval

A, B, C = Gaussian(sigma=25), Periodic(amplitude=0.25), Offset(levels=40)
TRACKS = np.repeat(np.arange(100), 10)
WRONG = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=60)


def right(total, *wrong):
    """All of so many images right but those at places from one number up to another."""
    outcomes = np.ones(total, dtype=bool)
    for start, end in wrong:
        outcomes[start:end] = False
    return outcomes


# Of one model.


def test_one_pair_that_differs_is_enough():
    rights = {A: right(1000, (0, 100)), B: right(1000, (0, 130)), C: right(1000, (0, 102))}
    tested = patterns_differ(rights, Sampling(), 0.05, 0.01)
    assert tested.outcome is Outcome.SUPPORTED
    pairs = tested.evidence.pairs
    assert [pair.noises for pair in pairs] == [(str(A), str(B)), (str(A), str(C)), (str(B), str(C))]
    assert [pair.alarm for pair in pairs] == [True, False, True]
    assert pairs[0].accuracies == (0.9, 0.87)
    assert pairs[0].difference == pytest.approx(0.03)
    assert pairs[1].p_value == pytest.approx(2 * p_value(Change(2, 0, 1000)))
    assert "2 of 3 pairs of noises differ significantly" in tested.words
    assert "gaussian(sigma=25) (0.9000) and periodic(amplitude=0.25) (0.8700)" in tested.words


def test_what_is_not_significant_is_refuted_only_where_the_intervals_are_narrow():
    wide = {A: right(1000, (0, 100)), B: right(1000, (2, 102)), C: right(1000, (1, 101))}
    assert patterns_differ(wide, Sampling(), 0.05, 0.004).outcome is Outcome.UNDECIDED
    assert patterns_differ(wide, Sampling(), 0.05, 0.01).outcome is Outcome.REFUTED
    assert patterns_differ(wide, Sampling(TRACKS), 0.05, 0.01).outcome is Outcome.UNDECIDED


def test_a_difference_may_be_larger_than_negligible_either_way():
    """Four images of 1,000 are not significant, and their interval ends at one in a hundred."""
    four, none = right(1000, (0, 4)), right(1000)
    for rights in ({A: four, B: none}, {A: none, B: four}):
        assert patterns_differ(rights, Sampling(), 0.05, 0.009).outcome is Outcome.UNDECIDED
        assert patterns_differ(rights, Sampling(), 0.05, 0.011).outcome is Outcome.REFUTED


def test_the_intervals_hold_together():
    rights = {A: right(1000, (0, 100)), B: right(1000, (0, 105)), C: right(1000, (50, 160))}
    found = patterns_differ(rights, Sampling(), 0.06, 0.01).evidence.pairs
    for pair, (first, second) in zip(found, [(A, B), (A, C), (B, C)], strict=True):
        values = rights[first].astype(float) - rights[second]
        assert pair.interval == mean_interval(values, Sampling(), 0.02)
        assert pair.interval[0] < pair.difference < pair.interval[1]


def test_a_significant_difference_counts_however_little():
    rights = {A: right(20_000), B: right(20_000, (0, 10))}
    tested = patterns_differ(rights, Sampling(), 0.05, 0.01)
    assert tested.outcome is Outcome.SUPPORTED
    assert max(map(abs, tested.evidence.pairs[0].interval)) < 0.01


@settings(max_examples=30, deadline=None)
@given(WRONG, st.integers(1, 40), st.randoms(use_true_random=False))
def test_neither_the_order_of_images_nor_of_noises_changes_the_outcome(outcomes, times, random):
    table = np.array(outcomes * times)
    mixed = table[random.sample(range(len(table)), len(table))]
    tested = patterns_differ(dict(zip((A, B, C), table.T, strict=True)), Sampling(), 0.05, 0.05)
    assert patterns_differ(dict(zip((A, B, C), mixed.T, strict=True)), Sampling(), 0.05, 0.05) == tested
    turned = patterns_differ(dict(zip((C, B, A), table.T[::-1], strict=True)), Sampling(), 0.05, 0.05)
    assert turned.outcome is tested.outcome
    alarms = [pair.alarm for pair in tested.evidence.pairs]
    assert sorted(alarms) == sorted(pair.alarm for pair in turned.evidence.pairs)
    assert alarms == holm([pair.p_value for pair in tested.evidence.pairs], 0.05)


def test_one_noise_alone_is_refused():
    with pytest.raises(RobustnessError, match="offset.levels=40. alone"):
        patterns_differ({C: right(10)}, Sampling(), 0.05, 0.01)


# Of several models.


def models(*rows):
    """For each model how many of 1,000 images are wrong under A, B and C, one set of them within the other."""
    return {
        f"model {number}": {noise: right(1000, (0, wrong)) for noise, wrong in zip((A, B, C), row, strict=True)}
        for number, row in enumerate(rows)
    }


def test_the_order_differs_where_two_models_are_disrupted_the_other_way_round():
    tested = order_differs(models((100, 200, 300), (300, 200, 301), (100, 101, 102)), Sampling(), 0.05)
    assert tested.outcome is Outcome.SUPPORTED
    first = tested.evidence.pairs[0]
    assert first.noises == (str(A), str(B))
    assert first.disrupts_more == (("model 1",), ("model 0",))
    assert first.accuracies["model 1"] == (0.7, 0.8)
    assert first.p_values["model 2"] == pytest.approx([p_value(Change(0, 1, 1000)), p_value(Change(1, 0, 1000))])
    assert tested.words.startswith(f"{A} disrupts model 1 significantly more than {B}, and the other way round model 0")


def test_the_order_is_the_same_where_every_pair_is_significant_for_every_model():
    assert order_differs(models((100, 200, 300), (50, 80, 120)), Sampling(), 0.05).outcome is Outcome.REFUTED
    undecided = order_differs(models((100, 200, 300), (50, 52, 120)), Sampling(), 0.05)
    assert undecided.outcome is Outcome.UNDECIDED
    assert "of 3 pairs of noises 2 are in one significant order" in undecided.words


def test_a_small_difference_the_other_way_is_no_order():
    assert order_differs(models((100, 200, 300), (50, 49, 120)), Sampling(), 0.05).outcome is Outcome.UNDECIDED


def test_all_models_are_tested_together():
    """Six images lost alone show a difference in one test of two (2 ** -6 against 0.05 / 2), in sixty they do not."""
    pair = {A: right(1000), B: right(1000, (0, 6))}
    opposite = {A: right(1000, (0, 6)), B: right(1000)}
    assert order_differs({"a": pair, "b": opposite}, Sampling(), 0.07).outcome is Outcome.SUPPORTED
    many = {str(number): {A: right(1000), B: right(1000)} for number in range(28)}
    assert order_differs({"a": pair, "b": opposite} | many, Sampling(), 0.07).outcome is Outcome.UNDECIDED


def test_models_that_cannot_be_compared_are_refused():
    one = {A: right(10), B: right(10)}
    for refused in ({}, {"a": one}, {"a": one, "b": {A: right(10), C: right(10)}}):
        with pytest.raises(RobustnessError, match="two models or more under the same noises"):
            order_differs(refused, Sampling(), 0.05)


# How often it errs.


def drawn(rng, wrong, tracks):
    """Outcomes of 1,000 images under each noise, wrong with those chances; of tracks, nine frames in ten do as their track."""
    if tracks is None:
        return [rng.random(1000) >= chance for chance in wrong]
    units = tracks.max() + 1
    alike = rng.random(len(tracks)) < 0.9
    return [np.where(alike, (rng.random(units) >= chance)[tracks], rng.random(len(tracks)) >= chance) for chance in wrong]


@pytest.mark.slow
@pytest.mark.parametrize("tracks", [None, TRACKS])
@pytest.mark.parametrize("wrong", [0.01, 0.3])
def test_patterns_that_do_not_differ_are_seldom_said_to(tracks, wrong):
    rng, sets, alpha = np.random.default_rng(0), 100, 0.1
    outcomes = [
        patterns_differ(
            dict(zip((A, B, C), drawn(rng, [wrong] * 3, tracks), strict=True)), Sampling(tracks), alpha, 1e-3
        ).outcome
        for _ in range(sets)
    ]
    rate = outcomes.count(Outcome.SUPPORTED) / sets
    print(f"three noises of {wrong} wrong, {'images' if tracks is None else 'tracks'}, {alpha}: supported {rate:.3f}")
    assert outcomes.count(Outcome.SUPPORTED) <= most(sets, alpha)
    assert outcomes.count(Outcome.UNDECIDED) > sets / 2


@pytest.mark.slow
def test_a_difference_that_is_not_negligible_is_seldom_refuted():
    """B disrupts just more than the 0.0063 declared negligible: as much as the interval allows where two images are lost."""
    rng, sets, alpha = np.random.default_rng(1), 200, 0.1
    outcomes = []
    for _ in range(sets):
        lost = rng.random(1000) >= 0.00631
        outcomes.append(patterns_differ({A: right(1000), B: lost}, Sampling(), alpha, 0.0063).outcome)
    rates = {str(outcome): outcomes.count(outcome) / sets for outcome in Outcome}
    print(f"a difference of 0.00631, 0.0063 negligible, {alpha}: {rates}")
    assert 0 < outcomes.count(Outcome.REFUTED) <= most(sets, alpha / 2)  # on one side


@pytest.mark.parametrize("tracks", [None, TRACKS])
def test_models_in_the_same_order_are_seldom_said_to_differ(tracks):
    """One model is clearly disrupted more by B, the other by neither: one false alarm the other way would do."""
    rng, sets, alpha = np.random.default_rng(2), 100, 0.1
    outcomes = []
    for _ in range(sets):
        clear, level = drawn(rng, [0.1, 0.5], tracks), drawn(rng, [0.2, 0.2], tracks)
        pairs = {"clear": dict(zip((A, B), clear, strict=True)), "level": dict(zip((A, B), level, strict=True))}
        outcomes.append(order_differs(pairs, Sampling(tracks), alpha).outcome)
    rates = {str(outcome): outcomes.count(outcome) / sets for outcome in Outcome}
    print(f"one model clear, one level, {'images' if tracks is None else 'tracks'}, {alpha}: {rates}")
    assert outcomes.count(Outcome.SUPPORTED) + outcomes.count(Outcome.REFUTED) <= most(sets, alpha)
