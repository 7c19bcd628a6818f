"""Two models on the same images: only the images whose outcome changed say anything, and they say it with less noise.

An image is broken that the first model classifies correctly and the second does not, and mended the other way round. The drop
is the accuracy lost, `(broken - mended) / total`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # imports optimize and stats, which take a second, where they are first used
from scipy.special import betainc, gammaincc, ndtr, ndtri

from robustness.errors import RobustnessError
from robustness.statistics.intervals import least

Integers = npt.NDArray[np.integer[Any]]
MOST_IMAGES = 10**7  # beyond it the images needed for a comparison are not counted
LEAST_DROP = -1 + 1e-9


@dataclass(frozen=True)
class Change:
    """How many of `total` images were broken and mended."""

    broken: int
    mended: int
    total: int

    def __post_init__(self) -> None:
        if self.broken < 0 or self.mended < 0 or self.total < 1 or self.broken + self.mended > self.total:
            raise RobustnessError(f"{self.broken} broken and {self.mended} mended of {self.total} images is no comparison")

    @property
    def drop(self) -> float:
        """The accuracy lost, in [-1, 1]."""
        return (self.broken - self.mended) / self.total

    @classmethod
    def from_predictions(cls, before: Integers, after: Integers, labels: Integers) -> Change:
        """Counted from the classes two models predicted: integers of shape (N,), as are the labels."""
        return cls(broken_places(before, after, labels).size, mended_places(before, after, labels).size, labels.size)


def broken_places(before: Integers, after: Integers, labels: Integers) -> npt.NDArray[np.int64]:
    """The places of images newly wrong, ascending. All three: integers of shape (N,), a prediction -1 where not evaluated."""
    if not before.shape == after.shape == labels.shape or labels.ndim != 1:
        raise RobustnessError(f"predictions of shape {before.shape} and {after.shape} for labels of shape {labels.shape}")
    if (before < 0).any() or (after < 0).any():
        # Where an evaluation stops early depends on what it saw; the images that both saw would be a biased choice.
        raise RobustnessError("a comparison needs every image evaluated by both models; evaluate them in full")
    return np.flatnonzero((before == labels) & (after != labels)).astype(np.int64)


def mended_places(before: Integers, after: Integers, labels: Integers) -> npt.NDArray[np.int64]:
    """The places of images newly right, ascending; see `broken_places`."""
    return broken_places(after, before, labels)


def p_value(change: Change) -> float:
    """The probability of as many broken images or more, if every changed one were broken or mended by a fair coin.

    Small: the second model is worse. 1 where nothing changed. Exact, one-sided (Q. McNemar, "Note on the sampling error of the
    difference between correlated proportions", Psychometrika 12, 1947).
    """
    return _coin(change.broken, change.broken + change.mended)


def excess_p_value(change: Change, max_drop: float) -> float:
    """The p-value of "in the population the accuracy dropped by `max_drop` or less"; max_drop in [0, 1).

    At 0 it is `p_value`. Above it is T. Tango's score test ("Equivalence test and confidence interval for the difference in
    proportions for the paired-sample design", Statist. Med. 17, 1998) with two corrections, without which its error exceeds
    the level: at 0.05 it is up to 0.073, at 0.001 up to 0.0035, in comparisons with few changed images. One image is taken off
    the net number of broken ones, as A. Edwards did for McNemar's test (Psychometrika 13, 1948), and the tail is a Pearson
    type III curve of the number's own skewness in place of the normal one.
    """
    if not 0 <= max_drop < 1:
        raise RobustnessError(f"a maximal drop of {max_drop} is none: it lies in [0, 1)")
    return p_value(change) if max_drop == 0 else _score_p_value(change, max_drop)


def drop_interval(change: Change, alpha: float) -> tuple[float, float]:
    """Two-sided interval of the drop in the population: lower and upper end, each beyond the truth in `alpha / 2` at most.

    The drops that neither `excess_p_value` nor its mirror image rejects at `alpha / 2`: Tango's score interval (1998) with the
    same corrections, which widen it by little more than an image on either side. So an alarm at `alpha / 2` and an interval
    wholly above the drop allowed are the same thing.
    """
    if not 0 < alpha < 1:
        raise RobustnessError(f"alpha is {alpha}: it lies between 0 and 1")
    swapped = Change(change.mended, change.broken, change.total)
    return _least_drop(change, alpha / 2), 0.0 - _least_drop(swapped, alpha / 2)


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which of several tests are alarms, the probability of any false one being `alpha` at most, however they depend.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979): the smallest of m
    p-values is held against alpha / m, the next against alpha / (m - 1), and so on, until one is larger.

    >>> holm([0.04, 0.001, 0.03], alpha=0.05)
    [False, True, False]
    """
    if not all(0 <= value <= 1 for value in p_values):
        raise RobustnessError(f"p-values lie between 0 and 1: {list(p_values)}")
    alarms = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        if p_values[place] > alpha / (len(p_values) - rank):
            break
        alarms[place] = True
    return alarms


def images_needed_paired(broken_share: float, mended_share: float, alpha: float, power: float = 0.8) -> int:
    """How many images `p_value <= alpha` needs to notice with probability `power` that more are broken than mended.

    broken_share, mended_share: of the population, in [0, 1], broken_share the larger. The power is exact: the number changed
    is binomial, and so is the number broken among them. It ripples with the number of images, so a few less may do as well.

    >>> images_needed_paired(0.03, 0.01, alpha=0.05)
    670
    """
    _check_plan(alpha, power)
    if not 0 <= mended_share < broken_share <= 1 - mended_share:
        raise RobustnessError(f"no drop to notice where {broken_share} of the images are broken and {mended_share} mended")
    images = least(lambda images: _paired_power(images, broken_share, mended_share, alpha) >= power, MOST_IMAGES)
    if images is None:
        raise RobustnessError(f"the drop is too small to notice: more than {MOST_IMAGES:,} images would be needed")
    return images


def images_needed_independent(before: float, after: float, alpha: float, power: float = 0.8) -> int:
    """How many images each of two models needs, each with its own, to notice the same by comparing two accuracies.

    before, after: the accuracies in the population, after the smaller. The test is the one-sided score test of two independent
    proportions, its variance pooled, at level `alpha`. Source: J. L. Fleiss, "Statistical Methods for Rates and Proportions"
    (1981), section 3.2, without his continuity correction, which asks for more: what pairing saves is not overstated.
    """
    _check_plan(alpha, power)
    if not 0 <= after < before <= 1:
        raise RobustnessError(f"no drop to notice from {before} to {after}")
    mean = (before + after) / 2
    pooled = math.sqrt(2 * mean * (1 - mean))
    separate = math.sqrt(before * (1 - before) + after * (1 - after))
    deviations = float(ndtri(1 - alpha)) * pooled + float(ndtri(power)) * separate
    return math.ceil((deviations / (before - after)) ** 2)


def _coin(broken: int, changed: int) -> float:
    return float(betainc(broken, changed - broken + 1, 0.5)) if broken else 1.0


def _score_p_value(change: Change, drop: float) -> float:
    """Tango's score test of "the drop is `drop` or less", corrected as `excess_p_value` says; drop in (-1, 1)."""
    variance, skewness = _moments(change, drop)
    if variance == 0:  # nothing changed, and nothing is what the drop asks for
        return 1.0
    excess = change.broken - change.mended - change.total * drop - 1
    return _tail(excess / math.sqrt(variance), skewness)


def _tail(deviations: float, skewness: float) -> float:
    """The probability of more than so many standard deviations: Pearson type III, a gamma distribution moved and scaled."""
    if skewness < 1e-4:  # a negative one would make the tail lighter; not counting on it errs on the safe side
        return float(ndtr(-deviations))
    shape = 4 / skewness**2
    return float(gammaincc(shape, max(shape + deviations * math.sqrt(shape), 0.0)))


def _moments(change: Change, drop: float) -> tuple[float, float]:
    """Variance and skewness of broken - mended, at the likeliest shares of broken and mended images whose difference is `drop`.

    The share mended solves Tango's quadratic equation. One image contributes 1, -1 or 0.
    """
    broken, mended, total = change.broken, change.mended, change.total
    linear = (2 * total - broken + mended) * drop - broken - mended
    constant = -mended * drop * (1 - drop)
    share = (math.sqrt(max(linear**2 - 8 * total * constant, 0.0)) - linear) / (4 * total)
    square = 2 * share + drop
    variance = square - drop**2
    if variance <= 0:
        return 0.0, 0.0
    third = drop - 3 * drop * square + 2 * drop**3
    return total * variance, third / math.sqrt(total * variance**3)


def _least_drop(change: Change, alpha: float) -> float:
    """The least drop that the score test does not reject at `alpha`, which is below 0.5."""

    def surplus(drop: float) -> float:
        return _score_p_value(change, drop) - alpha

    if surplus(LEAST_DROP) > 0:
        return -1.0
    # At the drop observed the p-value is above 0.5.
    return float(scipy.optimize.brentq(surplus, LEAST_DROP, change.drop, xtol=1e-10))


def _paired_power(images: int, broken_share: float, mended_share: float, alpha: float) -> float:
    """The probability that `p_value` is at most `alpha`, to within 1e-9."""
    binom = scipy.stats.binom
    share = broken_share + mended_share
    low, high = (int(bound) for bound in binom.interval(1 - 1e-9, images, share))
    changed = np.arange(low, high + 1)
    critical = binom.isf(alpha, changed, 0.5) + 1  # the least number broken of probability alpha at most
    noticed = binom.sf(critical - 1, changed, broken_share / share)
    return float((binom.pmf(changed, images, share) * noticed).sum())


def _check_plan(alpha: float, power: float) -> None:
    if not (0 < alpha < 1 and 0 < power < 1):
        raise RobustnessError(f"a level of {alpha} and a power of {power}: both lie between 0 and 1")
