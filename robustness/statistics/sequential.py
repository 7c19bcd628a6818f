"""Tests that may be looked at after every batch: stop at the first decision, and be wrong no more often than stated.

Each weighs the claim by a likelihood ratio: a mixture of ways in which it may hold, against the nearest way in which it does
not. Where the claim is false that ratio is a nonnegative supermartingale that begins at 1, so the probability that it ever
reaches 1 / error is at most `error` (J. Ville, 1939), however often and at whatever moments it is looked at. The claim's
denial is weighed in the same way; the two never reach their bars together.
Sources: A. Wald, "Sequential tests of statistical hypotheses", Ann. Math. Statist. 16 (1945); H. Robbins, "Statistical methods
related to the law of the iterated logarithm", Ann. Math. Statist. 41 (1970), for mixtures; I. Waudby-Smith, A. Ramdas,
"Confidence sequences for sampling without replacement", NeurIPS 2020, for finite populations.

The images must come in an order drawn at random, without regard to labels and predictions. A decision depends on the counts at
a look alone. The promise is one for a run that looks in order and stops at its first decision.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import betaincc, betaln, gammaln, logsumexp, rel_entr

from robustness.errors import RobustnessError

# The mixtures' weights fall exponentially with the distance from the limit, to 1 / e over this share of the images. Of eleven
# weightings (uniform, 1 / distance, and others; limits 0.9, 0.75, 0.5 and 0.25 of 12,630 images, error 1e-6) the best one for
# each truth needs 1.5 % fewer images than this one at truths 1 to 5 points away, 3 % fewer at 10, 8 % or 17 images fewer at 20.
# Uniform weights need up to 11 % more than the best.
REACH = 0.05


@dataclass(frozen=True)
class FinitePopulation:
    """Whether at least `needed` of `total` images are right, from a part of them drawn without replacement.

    error: the probability, at most, of a decision that evaluating all images would contradict; in (0, 1).

    The claim's denial nearest to it is that `needed - 1` are right. After n images, r of them right, a number K has likelihood
    `choose(total - n, K - r) / choose(total, K)`. The ratio of a K >= needed to `needed - 1` grows with the next image by
    `p_K / p` if it is right and by `(1 - p_K) / (1 - p)` if not, p_K and p being the shares of right images among the
    remaining ones under either. If k are right in truth, the next one is right with probability q = p_k and the growth to be
    expected is `q * p_K / p + (1 - q) * (1 - p_K) / (1 - p)`: 1 where k is `needed - 1`, less where k is smaller, because then
    q < p <= p_K. So the ratio is a supermartingale under every denial, and the mixture over K is one too.
    """

    total: int
    needed: int
    error: float = 1e-6

    def __post_init__(self) -> None:
        if not 0 <= self.needed <= self.total or self.total < 1:
            raise RobustnessError(f"{self.needed} right of {self.total} images is no claim")
        _check_error(self.error)

    def decide(self, right: int, seen: int) -> bool | None:
        """True: the claim holds. False: it does not. None: go on. Of `seen` images in random order, `right` are right."""
        _check_counts(right, seen, self.total)
        wrong, bearable = seen - right, self.total - self.needed
        if right >= self.needed or wrong > bearable:  # certain, by counting
            return right >= self.needed
        bar = -math.log(self.error)
        if _log_ratio_finite(self.total, self.needed, right, wrong) >= bar:
            return True
        return False if _log_ratio_finite(self.total, bearable + 1, wrong, right) >= bar else None


@dataclass(frozen=True)
class Bernoulli:
    """Whether the accuracy in the population is at least `limit`, from independent images of it.

    limit: an accuracy in [0, 1]. error: the probability, at most, of deciding that it is where it is `limit` or less, and of
    deciding that it is not where it is `limit` or more; in (0, 1). At an accuracy equal to the limit it goes on without end.

    The growth to be expected is as in `FinitePopulation`, the shares being the accuracies themselves.
    """

    limit: float
    error: float = 1e-6

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= 1:
            raise RobustnessError(f"the limit {self.limit} is no accuracy: it lies between 0 and 1")
        _check_error(self.error)

    def decide(self, right: int, seen: int) -> bool | None:
        """True: the accuracy is at least the limit. False: it is below. None: go on."""
        _check_counts(right, seen, seen)
        wrong, bar = seen - right, -math.log(self.error)
        if self.limit in (0, 1):
            return True if self.limit == 0 else False if wrong else None
        if _log_ratio(self.limit, right, wrong) >= bar:
            return True
        return False if _log_ratio(1 - self.limit, wrong, right) >= bar else None


def ideal_images(accuracy: float, limit: float, error: float) -> float:
    """How many independent images the best test needs on average that knew the accuracy and had only to rule out the limit.

    `log(1 / error)` over the Kullback-Leibler divergence of one image's outcome (Wald 1945). Infinite where the two are equal.
    A finite population may need fewer: what has been seen is no longer in doubt.
    """
    _check_error(error)
    if not (0 <= accuracy <= 1 and 0 <= limit <= 1):
        raise RobustnessError(f"{accuracy} and {limit} must both be accuracies, between 0 and 1")
    divergence = float(rel_entr(accuracy, limit) + rel_entr(1 - accuracy, 1 - limit))
    return -math.log(error) / divergence if divergence > 0 else math.inf


def _log_ratio_finite(total: int, claimed: int, hits: int, misses: int) -> float:
    """log of the mixture over "claimed or more of `total` are hits" against "claimed - 1 are", where hits < claimed."""
    rest = total - hits - misses
    factorials = _log_factorials(total)
    # Where a number leaves too few misses its likelihood is 0; the largest is total - misses, and claimed - 1 is below it.
    last = total - misses
    if last < claimed:
        return -math.inf
    number = np.arange(claimed - 1, last + 1)
    hidden = number - hits
    likelihood = factorials[number] + factorials[total - number] - factorials[hidden] - factorials[rest - hidden]
    return float(logsumexp(likelihood[1:] - likelihood[0] + _log_weights(total, claimed)[: last - claimed + 1]))


@lru_cache(maxsize=32)
def _log_weights(total: int, claimed: int) -> npt.NDArray[np.float64]:
    """log of what each number from `claimed` to `total` weighs in the mixture; their exponentials sum to 1."""
    logs = -np.arange(total - claimed + 1) / max(REACH * total, 1.0)
    weights: npt.NDArray[np.float64] = logs - logsumexp(logs)
    return weights


@lru_cache(maxsize=8)
def _log_factorials(most: int) -> npt.NDArray[np.float64]:
    """log(n!) for n from 0 to `most`."""
    logs: npt.NDArray[np.float64] = gammaln(np.arange(1.0, most + 2))
    return logs


def _log_ratio(limit: float, hits: int, misses: int) -> float:
    """log of the mixture over accuracies above `limit` against `limit` itself.

    The prior is Beta(1, b) cut to (limit, 1), its density proportional to (1 - p)^(b - 1): near the limit it falls as
    exp(-(p - limit) / REACH). It is conjugate, so the mixture is an incomplete beta function. Where that function underflows
    no accuracy above the limit is likelier than the limit: the ratio is below 1, and -inf says as much.
    """
    b = 1 + (1 - limit) / REACH
    above = float(betaincc(hits + 1, misses + b, limit))
    if above < sys.float_info.min:
        return -math.inf
    mixture = math.log(b) - b * math.log1p(-limit) + float(betaln(hits + 1, misses + b)) + math.log(above)
    return mixture - hits * math.log(limit) - misses * math.log1p(-limit)


def _check_error(error: float) -> None:
    if not 0 < error < 1:
        raise RobustnessError(f"an error probability of {error} is none: it lies between 0 and 1")


def _check_counts(right: int, seen: int, total: int) -> None:
    if not 0 <= right <= seen <= total:
        raise RobustnessError(f"{right} right of {seen} images seen, of {total}, is no measurement")
