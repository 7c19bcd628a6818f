"""How often verdicts are wrong where the truth lies at the limit, by exact sums and by draws with fixed seeds.

A rate drawn N times may exceed its level by what a binomial count of N at that level exceeds it in one of a thousand.
Run with -s to see the figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from builders import most
from scipy import stats

from robustness.statistics.intervals import cluster_bounds, lower_bound, upper_bound
from robustness.statistics.paired import Change, drop_interval, excess_p_value, holm, p_value
from robustness.statistics.sequential import Bernoulli, FinitePopulation, ideal_images

LEVELS = [0.05, 0.01]
IMAGES = 12_630  # GTSRB's test set
BATCH = 256


def first(holds: Callable[[int], bool], end):
    """The least number from 0 to `end` for which `holds`, if it stays true; end + 1 if none."""
    low, high = -1, end + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def bars(rule, looks):
    """For each look: the least number right that passes, and the largest that fails."""
    passes = [first(lambda right, seen=seen: rule.decide(right, seen) is True, seen) for seen in looks]
    fails = [first(lambda right, seen=seen: rule.decide(right, seen) is not False, seen) - 1 for seen in looks]
    return np.array(passes), np.array(fails)


def verdicts(rights, passes, fails):
    """What each path decides, 1, 0 or -1 for nothing, and at which look (the last if at none). rights: (looks, paths)."""
    decided = np.where(rights >= passes[:, None], 1, np.where(rights <= fails[:, None], 0, -1))
    at = np.where((decided >= 0).any(axis=0), (decided >= 0).argmax(axis=0), len(passes) - 1)
    return decided[at, np.arange(rights.shape[1])], at


def drawn_without_replacement(rng, total, right, looks, paths):
    """How many of the images seen at each look are right: (looks, paths)."""
    rights, seen, rows = np.zeros(paths, dtype=np.int64), 0, []
    for look in looks:
        rights = rights + rng.hypergeometric(right - rights, total - right - (seen - rights), look - seen)
        seen = look
        rows.append(rights)
    return np.array(rows)


# Every image evaluated, a claim about the population.


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("limit", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("total", [100, 1000, IMAGES])
def test_clopper_and_pearson_err_at_their_level_and_no_more(total, limit, level):
    """Exact. The level is kept, and deciding at one right image more or less would break it."""
    passing = first(lambda right: lower_bound(right, total, level) >= limit, total)
    failing = first(lambda right: upper_bound(right, total, level) >= limit, total) - 1
    false_pass, false_fail = stats.binom.sf(passing - 1, total, limit), stats.binom.cdf(failing, total, limit)
    print(f"Clopper-Pearson, {total} images, limit {limit}, {level}: false PASS {false_pass:.4f}, false FAIL {false_fail:.4f}")
    assert false_pass <= level < stats.binom.sf(passing - 2, total, limit)
    assert false_fail <= level < stats.binom.cdf(failing + 1, total, limit)
    assert passing > total or abs(false_pass - level) < 4 * stats.binom.pmf(passing, total, limit) + level / 10
    counts = np.random.default_rng(0).binomial(total, limit, 50_000)
    assert abs((counts >= passing).sum() - 50_000 * false_pass) <= 4 * math.sqrt(50_000 * level)


# Looked at after every batch, a claim about a finite set of images.


def crossing(rule, looks, total, right):
    """The exact probability of the wrong decision: the counts' distribution, followed from image to image."""
    alive, wrong = np.zeros(total + 2), 0.0
    alive[0] = 1
    for seen in range(1, total + 1):
        counts = np.arange(total + 2)
        chance = np.clip((right - counts) / (total - seen + 1), 0, 1)  # that the next image is right
        alive = alive * (1 - chance) + np.roll(alive * chance, 1)
        if seen in looks:
            passes, fails = looks[seen]
            wrong += alive[counts >= passes].sum() if right < rule.needed else alive[counts <= fails].sum()
            alive[(counts >= passes) | (counts <= fails)] = 0
    assert alive.sum() == pytest.approx(0, abs=1e-12)  # it ends, when all are seen at the latest
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.2, *LEVELS])
@pytest.mark.parametrize(("total", "needed"), [(60, 6), (60, 30), (60, 54), (60, 59), (150, 120)])
@pytest.mark.parametrize("batch", [1, 7])
def test_early_stopping_errs_within_its_level_whatever_the_truth(total, needed, batch, level):
    """Exact, for every number that may be right in truth."""
    rule = FinitePopulation(total, needed, level)
    seen = [*range(batch, total, batch), total]
    looks = dict(zip(seen, zip(*bars(rule, seen), strict=True), strict=True))
    rates = [crossing(rule, looks, total, right) for right in range(total + 1)]
    print(f"early, {needed} of {total}, looks every {batch}, {level}: at most {max(rates):.5f}, at {np.argmax(rates)} right")
    assert max(rates) <= level
    assert max(rates) > 0  # or nothing was tested


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("limit", [0.5, 0.9])
def test_early_stopping_of_a_large_set_errs_within_its_level(limit, level):
    paths, needed = 20_000, math.ceil(limit * IMAGES)
    looks = [*range(BATCH, IMAGES, BATCH), IMAGES]
    passes, fails = bars(FinitePopulation(IMAGES, needed, level), looks)
    for right, wrong in ((needed - 1, 1), (needed, 0)):
        rights = drawn_without_replacement(np.random.default_rng(0), IMAGES, right, looks, paths)
        decided, _ = verdicts(rights, passes, fails)
        assert (decided >= 0).all()
        rate = (decided == wrong).mean()
        print(f"early, {right} of {IMAGES} where {needed} are needed, {level}: false {'PASS' if wrong else 'FAIL'} {rate:.4f}")
        assert level / 20 < rate <= most(paths, level) / paths


# Looked at after every batch, a claim about the population.


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("limit", [0.5, 0.9, 0.99])
def test_early_stopping_about_a_population_errs_within_its_level(limit, level):
    paths, looks = 10_000, list(range(64, 6401, 64))
    passes, fails = bars(Bernoulli(limit, level), looks)
    rights = np.random.default_rng(1).binomial(64, limit, (len(looks), paths)).cumsum(axis=0)
    decided, _ = verdicts(rights, passes, fails)
    false_pass, false_fail = (decided == 1).mean(), (decided == 0).mean()
    print(f"early, population, limit {limit}, {level}: false PASS {false_pass:.4f}, false FAIL {false_fail:.4f}")
    assert level / 20 < false_pass <= most(paths, level) / paths
    assert level / 20 < false_fail <= most(paths, level) / paths


# Tracks.


def frames(rng, tracks, accuracy, correlation):
    """Outcomes of tracks of 30 frames with beta-binomial counts, and the tracks' numbers."""
    shares = rng.beta(accuracy * (1 / correlation - 1), (1 - accuracy) * (1 / correlation - 1), (tracks, 1))
    return (rng.random((tracks, 30)) < shares).ravel(), np.repeat(np.arange(tracks), 30)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tracks", "accuracy", "correlation"), [(100, 0.9, 0.3), (100, 0.99, 0.8), (100, 0.5, 0.5), (421, 0.9, 0.8)]
)
def test_cluster_bounds_err_within_their_level(tracks, accuracy, correlation):
    rng = np.random.default_rng(2)
    sets = 160
    errors = dict.fromkeys((*LEVELS, "independent"), 0)
    above = dict(errors)
    for _ in range(sets):
        right, numbers = frames(rng, tracks, accuracy, correlation)
        above["independent"] += lower_bound(right.sum(), right.size, 0.05) > accuracy
        for level in LEVELS:  # where the looser bound does not err the tighter one does not either
            low, high = cluster_bounds(right, numbers, level)
            above[level] += low > accuracy
            errors[level] += high < accuracy
            if low <= accuracy <= high:
                break
    print(
        f"{tracks} tracks, accuracy {accuracy}, correlation {correlation}: "
        + ", ".join(f"{level}: false PASS {above[level] / sets:.3f}, false FAIL {errors[level] / sets:.3f}" for level in LEVELS)
        + f"; frames taken as independent, 0.05: false PASS {above['independent'] / sets:.3f}"
    )
    for level in LEVELS:
        assert above[level] <= most(sets, level)
        assert errors[level] <= most(sets, level)
    assert above["independent"] > most(sets, 0.05)  # what the bounds are for


# Two models on the same images.


def alarm_rate(total, max_drop, mended_share, level):
    """The exact probability of a p-value at or below the level where the drop equals the one allowed."""
    broken_share = mended_share + max_drop
    low, high = (int(bound) for bound in stats.binom.interval(1 - 1e-9, total, mended_share))
    rate = 0.0
    for mended in range(low, high + 1):
        highest = min(total - mended, int(mended + total * max_drop + 12 * math.sqrt(total * max_drop + 2 * mended + 9)))
        least = first(
            lambda broken, mended=mended: excess_p_value(Change(broken, mended, total), max_drop) <= level,
            highest,
        )
        chance = stats.binom.sf(least - 1, total - mended, broken_share / (1 - mended_share))
        rate += stats.binom.pmf(mended, total, mended_share) * chance
    return rate


@pytest.mark.parametrize("level", [*LEVELS, 0.001])
@pytest.mark.parametrize(
    ("total", "max_drop", "mended_share"),
    [
        (200, 0.0, 0.05),
        (200, 0.01, 0.005),
        (200, 0.05, 0.01),
        (1000, 0.005, 0.0003),
        (1000, 0.02, 0.0),
        (IMAGES, 0.0, 0.001),
        (IMAGES, 0.001, 0.0),
        (IMAGES, 0.01, 0.001),
    ],
)
def test_comparisons_raise_false_alarms_within_their_level(total, max_drop, mended_share, level):
    """Exact; among the cases are those in which the uncorrected score test errs most."""
    rate = alarm_rate(total, max_drop, mended_share, level)
    print(f"{total} images, drop {max_drop} allowed, {mended_share} mended, {level}: false alarms {rate:.5f}")
    assert rate <= level


@pytest.mark.parametrize(("total", "broken", "mended"), [(300, 0.04, 0.02), (IMAGES, 0.012, 0.01), (1000, 0.02, 0.001)])
def test_the_interval_of_a_drop_covers_it(total, broken, mended):
    counts = np.random.default_rng(3).multinomial(total, [broken, mended, 1 - broken - mended], 400)
    ends = np.array([drop_interval(Change(int(row[0]), int(row[1]), total), 0.1) for row in counts])
    assert (ends[:, 0] > broken - mended).sum() <= most(400, 0.05)
    assert (ends[:, 1] < broken - mended).sum() <= most(400, 0.05)


def test_holm_keeps_the_level_over_many_comparisons():
    """Thirty noises, none of which got worse, on the same images: as dependent as they come."""
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(1000):
        shared = rng.binomial(40, 0.5)
        values = [p_value(Change(int(shared + rng.binomial(20, 0.5)), int(60 - shared), 1000)) for _ in range(30)]
        alarms += any(holm(values, 0.05))
    assert alarms <= most(1000, 0.05)


# How much is seen until the decision.


@pytest.mark.slow
@pytest.mark.parametrize(("accuracy", "largest"), [(0.9, 0.14), (0.75, 0.21), (0.55, 0.24), (0.25, 0.18)])
def test_how_many_images_are_seen_five_points_above_the_limit(accuracy, largest):
    limit = accuracy - 0.05
    looks = [*range(BATCH, IMAGES, BATCH), IMAGES]
    rule = FinitePopulation(IMAGES, math.ceil(limit * IMAGES), 1e-6)
    rights = drawn_without_replacement(np.random.default_rng(5), IMAGES, round(accuracy * IMAGES), looks, 2000)
    decided, at = verdicts(rights, *bars(rule, looks))
    seen = np.array(looks)[at]
    ideal = ideal_images(accuracy, limit, 1e-6)
    print(
        f"accuracy {accuracy}, limit {limit:.2f}: {seen.mean():.0f} images, {seen.mean() / IMAGES:.1%} of all "
        f"(in nine runs of ten at most {np.quantile(seen, 0.9):.0f}); ideal, of an endless population: {ideal:.0f}"
    )
    assert (decided == 1).all()
    assert seen.mean() < largest * IMAGES
    assert seen.mean() < 1.2 * ideal + BATCH / 2
