"""Statistics of the noise: each check is wrong about a right generator once in a million seeds, and sees a slightly wrong one.

Seeds are fixed, so nothing here is left to chance. Every check is also made on a generator spoilt on purpose (`spoilt`), a
hundredth off or with one value in fifty repeated, which it must refuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import combinations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from robustness.noise import Gaussian, GaussianWraparound, Impulse, SaltAndPepper, Shot, Speckle, Uniform, apply

Images = npt.NDArray[np.uint8]

FALSE_ALARM = 1e-6  # of each check
LEVELS = np.arange(256)
COUNT, SIDE = 1000, 40  # 4.8 million values


def grey(level, count=COUNT, channels=3):
    return np.full((count, SIDE, SIDE, channels), level, dtype=np.uint8)


def noisy(noise, level, seed=1, index=range(COUNT), channels=3):
    return apply(noise, grey(level, len(index), channels), index, seed)


# The checks


@cache
def chi_square_limit(freedom):
    """What chi-square exceeds with probability `FALSE_ALARM`: the incomplete gamma function by its series (DLMF 8.11.4)."""
    shape = freedom / 2

    def below(half):
        term = total = 1 / shape
        k = 0
        while term > 1e-17 * total:
            k += 1
            term *= half / (shape + k)
            total += term
        return total * math.exp(shape * math.log(half) - half - math.lgamma(shape))

    low, high = shape, 4 * shape + 40
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < 1 - FALSE_ALARM else (low, middle)
    return 2 * low


def follows(values, law):
    """Pearson's test of grey levels against their probabilities.

    Levels below one in a thousand are taken together: the 65,536 half words can give a level at most 2^-16 too much or too
    little, which at these numbers must not show.
    """
    common = law > 1e-3
    counts = np.bincount(values.ravel(), minlength=256)
    observed = np.append(counts[common], counts[~common].sum())
    expected = values.size * np.append(law[common], law[~common].sum())
    observed, expected = observed[expected > 5], expected[expected > 5]
    return ((observed - expected) ** 2 / expected).sum() < chi_square_limit(len(expected) - 1)


def independent(one, other):
    """Pearson's test of a contingency table of grey levels in eight classes."""
    table = np.bincount((one >> 5).ravel() * 8 + (other >> 5).ravel(), minlength=64).reshape(8, 8)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    return ((table - expected) ** 2 / expected).sum() < chi_square_limit((len(table) - 1) * (table.shape[1] - 1))


def near(measured, expected, error):
    """Within so many standard errors that a normal variable lies further out once in a million."""
    return abs(measured - expected) < NormalDist().inv_cdf(1 - FALSE_ALARM / 2) * error


@pytest.mark.parametrize("freedom", [2, 4, 48, 200])
def test_chi_square_exceeds_its_limit_once_in_a_million(freedom):
    """For even degrees of freedom it does so with the probability of fewer Poisson events than half of them."""
    half = chi_square_limit(freedom) / 2
    exceeded = sum(math.exp(k * math.log(half) - half - math.lgamma(k + 1)) for k in range(freedom // 2))
    assert exceeded == pytest.approx(FALSE_ALARM, rel=1e-6)


# Exact laws of the grey levels


def clipped(law):
    """A law over the levels -2,560 to 2,815, brought back to 0..255."""
    return np.concatenate([[law[:2561].sum()], law[2561:2815], [law[2815:].sum()]])


def wrapped(law):
    return law.reshape(-1, 256).sum(axis=0)


def unbounded(cumulative, level):
    """A continuous law around a level, rounded to whole levels."""
    edges = np.arange(-2560, 2817) - 0.5 - level
    return np.diff([cumulative(edge) for edge in edges])


def normal(sigma, level):
    return unbounded(NormalDist(0, sigma).cdf, level)


def uniform(half_width, level):
    return unbounded(lambda edge: min(max((edge / half_width + 1) / 2, 0), 1), level)


def poisson(gain, level):
    gain = round(gain * 2**16) / 2**16  # which decides on levels and a half
    law = np.zeros(5376)
    for photons in range(int(2000 / gain)):
        probability = math.exp(photons * math.log(level / gain) - level / gain - math.lgamma(photons + 1))
        law[2560 + math.floor(gain * photons + 0.5)] += probability
    return law


LAWS = {  # noise, level: the law of its levels, and the noise a hundredth off
    (Gaussian(25), 128): (clipped(normal(25, 128)), Gaussian(25.25)),
    (Gaussian(50), 20): (clipped(normal(50, 20)), Gaussian(50.5)),
    (Gaussian(2.5), 128): (clipped(normal(2.5, 128)), Gaussian(2.525)),
    (GaussianWraparound(50), 20): (wrapped(normal(50, 20)), GaussianWraparound(50.5)),
    (Uniform(40), 128): (clipped(uniform(40, 128)), Uniform(40.4)),
    (Uniform(63.7), 250): (clipped(uniform(63.7, 250)), Uniform(64.337)),
    (Speckle(0.15), 128): (clipped(normal(0.15 * 128, 128)), Speckle(0.1515)),
    (Speckle(0.6), 77): (clipped(normal(0.6 * 77, 77)), Speckle(0.606)),
    (Shot(4.25), 100): (clipped(poisson(4.25, 100)), Shot(4.2925)),
    (Shot(0.51), 128): (clipped(poisson(0.51, 128)), Shot(0.5151)),
    (Shot(85), 100): (clipped(poisson(85, 100)), Shot(85.85)),
}


@pytest.mark.parametrize(("noise", "level"), LAWS, ids=str)
def test_levels_follow_their_exact_law(noise, level):
    law, spoilt = LAWS[noise, level]
    assert law.sum() == pytest.approx(1, abs=1e-12)
    assert follows(noisy(noise, level), law)
    assert not follows(noisy(spoilt, level), law)
    assert not follows(noisy(noise, level, index=[0] * COUNT), law)  # a repeated field


# Moments


@pytest.mark.parametrize(
    ("noise", "level", "variance", "kurtosis"),
    [
        (Gaussian(20), 128, 20**2 + 1 / 12, 3),
        (Uniform(60), 128, 60**2 / 3 + 1 / 12, 1.8),
        (Speckle(0.2), 100, 20**2 + 1 / 12, 3),
        (Shot(4), 100, 400, 3 + 1 / 25),
        (Shot(1), 60, 60, 3 + 1 / 60),
        (Shot(0.3141), 100, 31.41 + 1 / 12, 3),
    ],
    ids=str,
)
def test_noise_has_its_mean_and_variance(noise, level, variance, kurtosis):
    """Rounding to whole levels adds 1/12 to the variance (Sheppard), except where a photon is a whole number of levels."""
    values = noisy(noise, level, seed=2).astype(np.float32) - level
    mean_error = math.sqrt(variance / values.size)
    variance_error = variance * math.sqrt((kurtosis - 1) / values.size)
    mean, measured = values.mean(dtype=np.float64), values.var(dtype=np.float64)
    assert near(mean, 0, mean_error)
    assert not near(mean + level / 1000, 0, mean_error)
    assert near(measured, variance, variance_error)
    assert not near(1.01 * measured, variance, variance_error)


# Salt and pepper


@pytest.mark.parametrize("kind", [SaltAndPepper, Impulse])
@pytest.mark.parametrize("amount", [0.1, 0.27, 0.7])
def test_hits_are_the_amount_half_of_them_salt(kind, amount):
    def right(values):
        hits, salt = (values != 128).sum(), (values == 255).sum()
        return (
            near(hits, amount * values.size, math.sqrt(amount * (1 - amount) * values.size)),
            near(salt, hits / 2, math.sqrt(hits / 4)),
        )

    values = noisy(kind(amount), 128, 3, range(3 * COUNT), channels=1)
    assert right(values) == (True, True)
    assert not right(noisy(kind(1.01 * amount), 128, 3, range(3 * COUNT), channels=1))[0]
    salted = values.copy()
    salted.ravel()[np.flatnonzero(values == 0)[::50]] = 255  # a share of 0.51
    assert right(salted) == (True, False)


@pytest.mark.parametrize("kind", [SaltAndPepper, Impulse])
def test_hits_too_few_for_a_histogram_are_of_the_amount(kind):
    hits = (noisy(kind(0.0004), 128, 4, range(3 * COUNT), channels=1) != 128).sum()
    assert near(hits, 0.0004 * 3 * COUNT * SIDE**2, math.sqrt(0.0004 * 3 * COUNT * SIDE**2))
    assert not near(1.25 * hits, 0.0004 * 3 * COUNT * SIDE**2, math.sqrt(0.0004 * 3 * COUNT * SIDE**2))


# Independence

RANDOM = [Gaussian(60), Uniform(100), Speckle(0.5), Shot(40), SaltAndPepper(0.5), Impulse(0.5)]


def repeat_some(one, other):
    """One value in fifty repeats the other field's."""
    spoilt = other.copy()
    spoilt.ravel()[::50] = one.ravel()[::50]
    return spoilt


def assert_independent(one, other):
    assert independent(one, other)
    assert not independent(one, repeat_some(one, other))


Pair = Callable[[Images], tuple[Images, Images]]


def apart(step: int) -> Pair:
    return lambda noise: (noise.reshape(len(noise), -1)[:, step:], noise.reshape(len(noise), -1)[:, :-step])


def channels(one: int, other: int) -> Pair:
    return lambda noise: (noise[..., one], noise[..., other])


NEIGHBOURS: dict[str, Pair] = {
    "images": lambda noise: (noise[1:], noise[:-1]),
    "rows": lambda noise: (noise[:, 1:], noise[:, :-1]),
    "columns": lambda noise: (noise[:, :, 1:], noise[:, :, :-1]),
    "diagonals": lambda noise: (noise[:, 1:, 1:], noise[:, :-1, :-1]),
    **{f"values {step} apart": apart(step) for step in (1, 2, 4, 7, 8, 16)},
}
CHANNELS = {f"channels {one} and {other}": channels(one, other) for one, other in combinations(range(3), 2)}


@pytest.mark.parametrize("noise", RANDOM, ids=str)
def test_neighbours_are_independent(noise):
    one_channel = noise.kind == "salt-and-pepper"
    values = noisy(noise, 128, 5, channels=1 if one_channel else 3)
    for pair in (NEIGHBOURS if one_channel else NEIGHBOURS | CHANNELS).values():
        one, other = (np.ascontiguousarray(part) for part in pair(values))
        assert_independent(one, other)


@pytest.mark.parametrize("noise", RANDOM, ids=str)
def test_seeds_and_indices_are_independent(noise):
    index = np.arange(300)
    fields = [
        noisy(noise, 128, seed, index + start, channels=1)
        for seed, start in [(7, 0), (8, 0), (7 + 2**32, 0), (7 + 2**63, 0), (7, 300), (7, 2**32), (7, 2**62)]
    ]
    for one, other in combinations(fields, 2):
        assert_independent(one, other)


def test_kinds_with_the_same_seed_are_independent():
    fields = [noisy(noise, 128, 9, range(300), channels=1) for noise in RANDOM]
    for one, other in combinations(fields, 2):
        assert_independent(one, other)


def test_wraparound_alone_shares_its_draws():
    clipped, wrapped = (noisy(kind(20), 128, 9) for kind in (Gaussian, GaussianWraparound))
    assert np.array_equal(clipped, wrapped)


@pytest.mark.parametrize("noise", RANDOM, ids=str)
def test_the_means_of_images_scatter_as_sums_of_independent_values_do(noise):
    """Chi-square of the image means, from both sides: dependence of any shape within the images moves it."""

    def scatter(values):
        means = values.reshape(len(values), -1).mean(axis=1, dtype=np.float64)
        return means.var() / (values.var(dtype=np.float64) / values[0].size)

    values = noisy(noise, 128, 10, channels=1)
    error = math.sqrt(2 / len(values))
    assert near(scatter(values), 1, error)
    assert not near(scatter(np.concatenate([values[..., :30], values[:, :, :10]], axis=2)), 1, error)
