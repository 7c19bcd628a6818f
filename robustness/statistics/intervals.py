"""Bounds on the accuracy in the population a test set was drawn from: for independent images, and for images in tracks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy
from scipy.special import betainc, betaincc, betainccinv, betaincinv

from robustness.errors import RobustnessError

Floats = npt.NDArray[np.float64]

MOST_IMAGES = 10**12  # beyond it `images_to_decide` answers None: nobody gathers as many
MOST_TRACKS = 10**8
STEP = 0.02  # of the quadrature in `log_probability_not_positive`: a p-value is then right to one part in a thousand
LAST = 16.0


def lower_bound(right: float, total: float, alpha: float) -> float:
    """One-sided lower bound of the population's accuracy: above the truth with probability `alpha` at most.

    right, total: counts, 0 <= right <= total > 0; they need not be whole (see `effective`).
    Source: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26 (1934): the accuracy at which `right` or more has probability `alpha`, a quantile of a beta distribution.

    >>> round(lower_bound(950, 1000, alpha=0.05), 4)
    0.9371
    """
    _check(right, total, alpha)
    return 0.0 if right == 0 else float(betaincinv(right, total - right + 1, alpha))


def upper_bound(right: float, total: float, alpha: float) -> float:
    """One-sided upper bound: below the truth with probability `alpha` at most. Mirrors `lower_bound` of the wrong images."""
    _check(right, total, alpha)
    return 1.0 if right == total else float(betainccinv(right + 1, total - right, alpha))


def images_to_decide(right: float, total: float, limit: float, alpha: float) -> int | None:
    """The least number of images in all, the observed share kept, whose bound lies on one side of `limit`.

    That is `lower_bound >= limit` or `upper_bound < limit`. It is below `total` where the images at hand decide already.
    None where the share equals the limit, or lies so near that more than 10^12 images would be needed.

    >>> images_to_decide(950, 1000, limit=0.94, alpha=0.05)
    1574
    """
    _check(right, total, alpha)
    share = right / total
    _check_limit(limit)
    if math.isclose(share, limit, rel_tol=1e-12):  # 29 of 100 is 0.29, whatever the floats' last bits say
        return None

    def decided(images: int) -> bool:
        # The tail probabilities, not the bounds they define: stable up to the largest counts.
        many, few = share * images, (1 - share) * images
        tail = betainc(many, few + 1, limit) if share > limit else betaincc(many + 1, few, limit)
        return bool(tail <= alpha)

    return least(decided, MOST_IMAGES)


def design_effect(right: npt.NDArray[np.bool_], tracks: npt.NDArray[np.int64]) -> float:
    """How many times larger the variance of the accuracy is than that of as many independent images; 1 at least.

    right: bool of shape (N,), whether each image is classified correctly. tracks: integers of shape (N,), the track of each.
    Source: L. Kish, "Survey Sampling" (1965): the linearised variance of a ratio of sums over tracks,
    `k / (k - 1) * sum((right_i - accuracy * size_i)^2) / N^2`, over the binomial `accuracy * (1 - accuracy) / (N - 1)`;
    the two are equal where every image is its own track.
    """
    hits, sizes = _by_track(right, tracks)
    images, clusters = sizes.sum(), sizes.size
    accuracy = hits.sum() / images
    if clusters == 1:
        raise RobustnessError("one track gives no estimate of a design effect: it needs the spread between tracks")
    if accuracy in (0, 1):
        raise RobustnessError(
            f"all {int(images):,} images are {'right' if accuracy else 'wrong'}: without spread there is no estimate of a"
            " design effect; use `cluster_bounds`, which needs none"
        )
    variance = clusters / (clusters - 1) * ((hits - accuracy * sizes) ** 2).sum() / images**2
    return max(1.0, float(variance / (accuracy * (1 - accuracy) / (images - 1))))


def effective(right: float, total: float, design_effect: float) -> tuple[float, float]:
    """The counts of independent images that say as much: both divided by the design effect, which is 1 or more.

    Source: E. L. Korn, B. I. Graubard, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 24 (1998).
    """
    if not design_effect >= 1:
        raise RobustnessError(f"a design effect is 1 or more, not {design_effect}")
    return right / design_effect, total / design_effect


def cluster_bounds(right: npt.NDArray[np.bool_], tracks: npt.NDArray[np.int64], alpha: float) -> tuple[float, float]:
    """One-sided lower and one-sided upper bound of the accuracy where tracks, not images, are independent.

    right: bool of shape (N,). tracks: integers of shape (N,). Each bound is beyond the truth with probability `alpha` at most.

    The lower bound is the `alpha` quantile of the Bayesian bootstrap over tracks (D. B. Rubin, "The Bayesian bootstrap",
    Ann. Statist. 9, 1981) to which one more track was added, as large as the largest and all wrong: the worst that the tracks
    seen leave possible. It is N. Gaffke's bound ("Three test statistics for a nonparametric one-sided hypothesis on the mean
    of a nonnegative variable", Math. Methods Statist. 14, 2005; E. Learned-Miller and P. S. Thomas, arXiv:1905.06208) for a
    ratio of sums. The upper bound is the same of the wrong images. Neither draws anything: the quantile is computed.

    Where every track is all right or all wrong, and none larger than another, it equals Clopper and Pearson's over tracks. So
    30 tracks, all right, give 0.05 ** (1 / 30) = 0.905 however many images they hold, and no case needs a rule of its own.
    That it holds its level for every distribution is proven in special cases only; no counterexample is known. The usual
    bootstraps are tighter, and do not hold it: at 100 tracks of 30 images, accuracy 0.99 and correlation 0.8 within tracks,
    BCa's lower bound lies above the truth in 13 of 100 test sets at 0.05, in 12 at 0.01. What no bound can know is a kind of
    track never seen.
    """
    _check_alpha(alpha)
    hits, sizes = _by_track(right, tracks)
    return _worst_case_quantile(hits, sizes, alpha), 1.0 - _worst_case_quantile(sizes - hits, sizes, alpha)


def cluster_images_to_decide(
    right: npt.NDArray[np.bool_], tracks: npt.NDArray[np.int64], limit: float, alpha: float
) -> int | None:
    """As `images_to_decide`, by `cluster_bounds`: the least number of images in all, in more tracks of the kinds seen.

    right: bool of shape (N,). tracks: integers of shape (N,). None where the share equals the limit, or nearly.
    """
    hits, sizes = _by_track(right, tracks)
    share = hits.sum() / sizes.sum()
    _check_limit(limit)
    _check_alpha(alpha)
    if math.isclose(share, limit, rel_tol=1e-12):
        return None
    if share < limit:
        hits, limit = sizes - hits, 1 - limit
    hits, all_sizes, counts = _with_the_worst(hits, sizes)

    def decided(number: int) -> bool:
        more = np.append(counts[:-1] * (number / sizes.size), 1.0)  # the worst track stays one
        return log_probability_not_positive(hits - limit * all_sizes, more) <= math.log(alpha)

    number = least(decided, MOST_TRACKS)
    return None if number is None else math.ceil(number * sizes.mean())


def _worst_case_quantile(hits: Floats, sizes: Floats, alpha: float) -> float:
    """The `alpha` quantile of `sum(weight * hits) / sum(weight * sizes)` over the tracks and the worst one.

    The weights are uniform on the simplex: independent exponentials over their sum. So the share is at most `share` where
    `sum(exponential * (hits - share * size)) <= 0`, whose probability is had without drawing.
    """
    if not hits.any():
        return 0.0
    hits, sizes, counts = _with_the_worst(hits, sizes)

    def excess(share: float) -> float:  # increases with the share
        return log_probability_not_positive(hits - share * sizes, counts) - math.log(alpha)

    above = float((hits / sizes).max())  # at most this in any case, so the probability is 1
    below = above / 2
    while excess(below) > 0:
        above, below = below, below / 2
    return float(scipy.optimize.brentq(excess, below, above, xtol=1e-12))


def _with_the_worst(hits: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """The kinds of tracks there are: hits, sizes and how many of each, and last one of the largest size without a hit."""
    kinds, counts = np.unique(np.stack([hits, sizes]), axis=1, return_counts=True)
    return np.append(kinds[0], 0.0), np.append(kinds[1], sizes.max()), np.append(counts, 1.0)


def log_probability_not_positive(values: Floats, counts: Floats) -> float:
    """log P(sum of values_i * G_i <= 0), the G_i independent and gamma distributed of shape counts_i.

    The inversion integral of the moment generating function along a vertical line through its saddle point, in which nothing
    cancels: precise relative to the probability, however small (R. Lugannani, S. Rice, "Saddle point approximation for the
    distribution of the sum of independent random variables", Adv. Appl. Probab. 12, 1980, before they approximate).
    """
    lowest = float(values.min())
    if lowest >= 0 or values.max() <= 0:
        return -math.inf if lowest >= 0 else 0.0

    def slope(fraction: float) -> float:
        at = fraction / lowest
        return float((counts * values / (1 - at * values)).sum()) - 1 / at

    # Negative, and short of the first pole at 1 / lowest. Near the saddle is near enough: the line's place changes no value.
    saddle = float(scipy.optimize.brentq(slope, 1e-12, 1 - 1e-12, rtol=1e-3)) / lowest
    scale = ((counts * (values / (1 - saddle * values)) ** 2).sum() + saddle**-2) ** -0.5

    def logs(steps: Floats) -> npt.NDArray[np.complex128]:
        at = saddle + 1j * scale * np.sinh(steps)
        values_at: npt.NDArray[np.complex128] = -(counts * np.log(1 - at[:, None] * values)).sum(axis=1) - np.log(-at)
        return values_at

    # sinh makes the tail, a power of the height, fall exponentially, so few equal steps suffice. The size only falls.
    top = logs(np.zeros(1))[0].real
    last = 3.0
    while last < LAST and logs(np.array([last]))[0].real - top + last > -40:
        last += 1
    steps = np.arange(0.0, last, STEP)
    weights = scale * STEP * np.cosh(steps)
    weights[0] /= 2
    integral = float((np.exp(logs(steps) - top).real * weights).sum()) / math.pi
    return float(top) + math.log(integral)


def _by_track(right: npt.NDArray[np.bool_], tracks: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """How many images of each track are right, and how many it has: float64 of shape (tracks,)."""
    if right.shape != tracks.shape or right.ndim != 1 or right.size == 0:
        raise RobustnessError(f"outcomes of shape {right.shape} and tracks of shape {tracks.shape}: give one of each per image")
    _, places = np.unique(tracks, return_inverse=True)
    hits = np.bincount(places, weights=right).astype(np.float64)
    return hits, np.bincount(places).astype(np.float64)


def least(holds: Callable[[int], bool], most: int) -> int | None:
    """The least number for which `holds`, if that stays true once it is; None if not even near `most`, the largest tried."""
    high = 1
    while not holds(high):
        if high >= most:
            return None
        high *= 2
    low = high // 2  # does not hold, or is 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _check(right: float, total: float, alpha: float) -> None:
    if not (total > 0 and 0 <= right <= total):
        raise RobustnessError(f"{right} right of {total} images is no measurement")
    _check_alpha(alpha)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise RobustnessError(f"alpha is {alpha}: it lies between 0 and 1")


def _check_limit(limit: float) -> None:
    if not 0 <= limit <= 1:
        raise RobustnessError(f"the limit {limit} is no accuracy: it lies between 0 and 1")
