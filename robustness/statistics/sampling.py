"""How the images were drawn, and what follows from it for the mean of a value over the population they come from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from robustness.errors import RobustnessError
from robustness.statistics.intervals import Floats, log_probability_not_positive

Range = tuple[float, float]

DIFFERENCES: Range = (-1.0, 1.0)
"""The range of one outcome minus another."""

BEYOND = -100.0
"""The logarithm of a probability below every level."""
NEAR = 1e-9
"""A bound no farther from the least value is that value."""


@dataclass(frozen=True, eq=False)
class Sampling:
    """How N images were drawn from their population; one by one, if nothing is said.

    tracks: int64 of shape (N,), the track of each image, tracks being drawn one by one; None where images are.
    design_effect: by how much dependence among the images inflates the variance of a mean, 1 or more.
    """

    tracks: npt.NDArray[np.int64] | None = None
    design_effect: float = 1.0

    def __post_init__(self) -> None:
        if not self.design_effect >= 1:
            raise RobustnessError(f"a design effect is 1 or more, not {self.design_effect}")


def p_value_mean_above(values: Floats, bound: float, sampling: Sampling, within: Range = DIFFERENCES) -> float:
    """The one-sided p-value of "in the population the mean of the values is `bound` or less". Small: the mean is above.

    values: float64 of shape (N,), one of each image. within: what a value may be at all, from least to largest, whether or not
    any is; `bound` lies inside.

    It is N. Gaffke's ("Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative variable",
    Math. Methods Statist. 14, 2005), of which `cluster_bounds` is the case of outcomes: the probability that the mean lies at
    or below `bound` if the images are weighted at random (D. B. Rubin, "The Bayesian bootstrap", Ann. Statist. 9, 1981) and
    one more is added, of the least value there may be. Tracks are weighted as wholes, and the one added is as large as the
    largest. A design effect divides the number of images of each value, as in `effective`.

    Where the images are independent, it is McNemar's exact p-value for differences of outcomes and a bound of 0, and Clopper
    and Pearson's for outcomes. That it keeps its level for all values is proven in these and a few other cases only; no
    counterexample is known. For tracks it supposes that none in the population is larger than the largest seen. A design
    effect is as good as whoever declared it: one known of an accuracy need not be that of a difference.

    Student's t does not keep its level, since values nearly all alike say little of their spread: of 200 images, 95 % of them
    right without noise and 99 in 100 of those still right under it in the population, it shows at 0.01 that more are in 15 of
    100 sets, those in which none was lost.
    """
    if not within[0] < bound < within[1]:
        raise RobustnessError(f"a mean of {bound} is none to test for: values lie between {within[0]:g} and {within[1]:g}")
    return math.exp(_Kinds.of(values, sampling, within).log_p(bound))


def mean_interval(values: Floats, sampling: Sampling, alpha: float, within: Range = DIFFERENCES) -> tuple[float, float]:
    """Two-sided interval of the mean in the population: lower and upper end, each beyond the truth in `alpha / 2` at most.

    values, within: see `p_value_mean_above`. The means that neither that test nor its mirror image rejects at `alpha / 2`, so
    what is said there of its level holds here.
    """
    if not 0 < alpha < 1:
        raise RobustnessError(f"alpha is {alpha}: it lies between 0 and 1")
    mirrored = (-within[1], -within[0])
    low = _Kinds.of(values, sampling, within).least_mean(alpha / 2)
    return low, 0.0 - _Kinds.of(-values, sampling, mirrored).least_mean(alpha / 2)


@dataclass(frozen=True, eq=False)
class _Kinds:
    """The kinds of units there are, images or tracks, and last the one added. float64 of shape (kinds,), all three.

    sums: of the values of a unit's images. sizes: how many images it has. counts: how many such units.
    """

    sums: Floats
    sizes: Floats
    counts: Floats
    within: Range

    @classmethod
    def of(cls, values: Floats, sampling: Sampling, within: Range) -> _Kinds:
        tracks, (least, largest) = sampling.tracks, within
        if values.ndim != 1 or not values.size or (tracks is not None and tracks.shape != values.shape):
            of_tracks = "" if tracks is None else f" and tracks of shape {tracks.shape}"
            raise RobustnessError(f"values of shape {values.shape}{of_tracks}: give one per image")
        if not (values.min() >= least and values.max() <= largest):
            raise RobustnessError(f"values from {values.min()} to {values.max()}: they lie between {least:g} and {largest:g}")
        if tracks is None:
            sums, counts = np.unique(values, return_counts=True)
            sizes = np.ones(len(sums))
        else:
            _, places = np.unique(tracks, return_inverse=True)
            by_track = np.stack([np.bincount(places, weights=values), np.bincount(places)])
            (sums, sizes), counts = np.unique(by_track, axis=1, return_counts=True)
        largest_size = sizes.max()
        return cls(
            np.append(sums, least * largest_size),
            np.append(sizes, largest_size),
            np.append(counts / sampling.design_effect, 1.0),
            within,
        )

    def log_p(self, bound: float) -> float:
        """The logarithm of the p-value; it increases with the bound."""
        values = self.sums - bound * self.sizes
        # Chernoff's bound, at nine tenths of the way to where it ends: where it is beyond every level it says enough.
        chernoff = -float((self.counts * np.log1p(-0.9 / values.min() * values)).sum())
        return chernoff if chernoff < BEYOND else min(0.0, log_probability_not_positive(values, self.counts))

    def least_mean(self, alpha: float) -> float:
        """The mean of p-value `alpha`, or the least of all where no value is above that."""
        least = self.within[0]

        def excess(above_least: float) -> float:
            return self.log_p(least + above_least) - math.log(alpha)

        highest = float((self.sums / self.sizes).max()) - least  # the p-value of it is 1
        if highest <= NEAR or excess(NEAR) > 0:
            return least
        return least + float(scipy.optimize.brentq(excess, NEAR, highest, xtol=1e-12))
