"""Sequential tests against exact fractions and numerical integrals; how often they err is measured in test_error_rates."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from robustness.errors import RobustnessError
from robustness.statistics.sequential import REACH, Bernoulli, FinitePopulation, _log_ratio, _log_ratio_finite, ideal_images

ERRORS = st.sampled_from([0.2, 0.05, 0.01, 1e-6])


@st.composite
def finite(draw, most=300):
    """A population, a number claimed in it, and what was seen of it."""
    total = draw(st.integers(1, most))
    needed, seen = draw(st.integers(0, total)), draw(st.integers(0, total))
    return total, needed, draw(st.integers(0, seen)), seen


def plain_ratio(total, claimed, hits, misses):
    """The mixture ratio as its definition has it: counts of arrangements, in whole numbers, one term after the other."""

    def likelihood(number):
        if number < hits or total - number < misses:
            return Fraction(0)
        return Fraction(math.comb(total - hits - misses, number - hits), math.comb(total, number))

    weights = [math.exp(-place / max(REACH * total, 1)) for place in range(total - claimed + 1)]
    against = likelihood(claimed - 1)
    terms = (
        weight * float(likelihood(number) / against) for number, weight in zip(range(claimed, total + 1), weights, strict=True)
    )
    return sum(terms) / sum(weights) if against else 0.0


@st.composite
def undecided(draw):
    """total, claimed, hits, misses with hits < claimed and at least one image unseen."""
    total = draw(st.integers(2, 60))
    claimed = draw(st.integers(1, total))
    hits = draw(st.integers(0, min(claimed, total - 1) - 1)) if claimed > 1 else 0
    return total, claimed, hits, draw(st.integers(0, total - hits - 1))


@given(undecided())
def test_the_finite_ratio_is_its_definition(case):
    assert math.exp(_log_ratio_finite(*case)) == pytest.approx(plain_ratio(*case), rel=1e-9, abs=1e-300)


@given(undecided(), st.data())
def test_the_finite_ratio_is_a_supermartingale_under_every_denial(case, data):
    """Expected after one more image: no larger, where fewer than claimed are hits."""
    total, claimed, hits, misses = case
    rest = total - hits - misses
    truth = data.draw(st.integers(hits, min(claimed - 1, hits + rest)))
    chance = (truth - hits) / rest
    after_hit = math.exp(_log_ratio_finite(total, claimed, hits + 1, misses)) if chance > 0 else 0.0
    after_miss = math.exp(_log_ratio_finite(total, claimed, hits, misses + 1)) if chance < 1 else 0.0
    now = math.exp(_log_ratio_finite(*case))
    expected = chance * after_hit + (1 - chance) * after_miss
    assert expected <= now * (1 + 1e-9)
    if 0 < claimed - 1 - hits == truth - hits < rest:  # neither outcome rules out the nearest denial
        assert expected == pytest.approx(now, rel=1e-9)


@given(finite(), ERRORS)
def test_what_is_certain_is_decided_and_never_contradicted(population, error):
    total, needed, right, seen = population
    said = FinitePopulation(total, needed, error).decide(right, seen)
    if right >= needed or seen - right > total - needed:
        assert said is (right >= needed)
    if seen == total:
        assert said is (right >= needed)


@given(finite(), ERRORS)
def test_finite_decisions_mirror_and_rise_with_the_right_ones(population, error):
    total, needed, right, seen = population
    test = FinitePopulation(total, needed, error)
    order = {False: 0, None: 1, True: 2}
    said = test.decide(right, seen)
    if right < seen:
        assert order[said] <= order[test.decide(right + 1, seen)]
    if needed:
        mirrored = FinitePopulation(total, total - needed + 1, error).decide(seen - right, seen)
        assert said is (None if mirrored is None else not mirrored)


@given(st.floats(0.02, 0.98), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=50)
def test_the_population_ratio_is_its_definition(limit, hits, misses):
    b = 1 + (1 - limit) / REACH
    scale = b / (1 - limit) ** b

    def integrand(accuracy):
        ratio = (accuracy / limit) ** hits * ((1 - accuracy) / (1 - limit)) ** misses
        return ratio * scale * (1 - accuracy) ** (b - 1)

    # The mass lies near the limit, or near the share seen; told so, the integral misses neither.
    share = min(max(hits / (hits + misses) if hits + misses else limit, limit), 1.0)
    points = sorted({limit + (share - limit) / 2, share, limit + (1 - limit) / 20})
    expected = quad(integrand, limit, 1, points=[point for point in points if limit < point < 1], limit=200)[0]
    assert math.exp(_log_ratio(limit, hits, misses)) == pytest.approx(expected, rel=1e-6)


@given(st.floats(0.02, 0.98), st.floats(0, 1), st.integers(0, 2000), st.integers(0, 2000))
def test_the_population_ratio_is_a_supermartingale_under_every_denial(limit, part, hits, misses):
    accuracy = limit * part

    def after(more_hits, more_misses):
        return math.exp(_log_ratio(limit, hits + more_hits, misses + more_misses) - now)

    now = _log_ratio(limit, hits, misses)
    if now > 600 or -math.inf in (now, _log_ratio(limit, hits + 1, misses), _log_ratio(limit, hits, misses + 1)):
        return  # too large for a float, or cut off where it decides nothing
    assert accuracy * after(1, 0) + (1 - accuracy) * after(0, 1) <= 1 + 1e-6
    assert limit * after(1, 0) + (1 - limit) * after(0, 1) == pytest.approx(1, abs=1e-6)


@given(st.integers(1, 1023).map(lambda part: part / 1024), st.integers(0, 10**6), st.integers(0, 10**6), ERRORS)
def test_population_decisions_mirror_and_stay_on_the_share_s_side(limit, right, wrong, error):
    said = Bernoulli(limit, error).decide(right, right + wrong)
    if said is not None:
        assert said is (right / (right + wrong) > limit)
    mirrored = Bernoulli(1 - limit, error).decide(wrong, right + wrong)
    assert said is (None if mirrored is None else not mirrored)


def test_counts_far_from_the_limit_neither_warn_nor_overflow():
    test = Bernoulli(0.87, 1e-6)
    assert test.decide(10**7, 10**7) is True
    assert test.decide(0, 10**7) is False
    assert test.decide(0, 0) is None
    assert FinitePopulation(10**6, 870_000).decide(2000, 2000) is True
    assert FinitePopulation(10**6, 870_000).decide(0, 2000) is False


def test_limits_that_need_no_statistics():
    assert Bernoulli(0.0).decide(0, 0) is True
    assert Bernoulli(1.0).decide(10**6, 10**6) is None
    assert Bernoulli(1.0).decide(99, 100) is False
    assert FinitePopulation(10, 0).decide(0, 0) is True
    assert FinitePopulation(10, 10).decide(9, 9) is None
    assert FinitePopulation(10, 10).decide(8, 9) is False


def test_a_look_takes_less_than_three_milliseconds():
    test = FinitePopulation(12_630, 9_473)
    for right, seen in ((150, 256), (3000, 4096), (9000, 12_000)):
        test.decide(right, seen)
        taken = []
        for _ in range(20):
            start = time.perf_counter()
            test.decide(right, seen)
            taken.append(time.perf_counter() - start)
        assert min(taken) < 3e-3


def test_ideal_images():
    divergence = 0.95 * math.log(0.95 / 0.9) + 0.05 * math.log(0.05 / 0.1)
    assert ideal_images(0.95, 0.9, 1e-6) == pytest.approx(math.log(1e6) / divergence)
    assert ideal_images(1.0, 0.9, 0.05) == pytest.approx(math.log(20) / -math.log(0.9))  # 28.4: see 0.9^29 < 0.05
    assert ideal_images(0.9, 0.9, 0.05) == math.inf
    assert ideal_images(0.9, 1.0, 0.05) == 0  # the first wrong image rules it out


NO_CLAIM, NO_ERROR, NO_LIMIT = "images is no claim", "^an error probability of .* is none", "is no accuracy"


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        *((counts, NO_CLAIM) for counts in ((0, 0, 0.1), (10, 11, 0.1), (10, -1, 0.1))),
        *(((10, 5, error), NO_ERROR) for error in (0.0, 1.0, math.nan)),
    ],
)
def test_what_is_no_claim_about_a_set_is_refused(refused, said):
    with pytest.raises(RobustnessError, match=said):
        FinitePopulation(*refused)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        *(((limit, 0.1), NO_LIMIT) for limit in (-0.1, 1.1, math.nan)),
        *(((0.5, error), NO_ERROR) for error in (0, 1)),
    ],
)
def test_what_is_no_claim_about_a_population_is_refused(refused, said):
    with pytest.raises(RobustnessError, match=said):
        Bernoulli(*refused)


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5), (3, 11)])
def test_what_cannot_be_seen_is_refused(counts):
    with pytest.raises(RobustnessError, match="is no measurement"):
        FinitePopulation(10, 5).decide(*counts)


def test_what_is_no_accuracy_is_refused():
    with pytest.raises(RobustnessError, match="between 0 and 1"):
        ideal_images(1.2, 0.5, 0.1)
