"""Whether networks trained one way are more accurate than networks trained another way."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import scipy

from robustness.claims.outcome import Outcome, Rights, Tested
from robustness.claims.record import GainCell, GainEvidence
from robustness.errors import RobustnessError
from robustness.noise import Noise
from robustness.statistics.intervals import Floats
from robustness.statistics.sampling import Sampling, mean_interval

TIE = 1e-20
"""A variance of accuracies that is no more than the rounding of their sums."""

Trained = Mapping[str, Rights]
"""Networks by name, trained alike but for their seeds."""


def outperforms(models: Trained, others: Trained, sampling: Sampling, alpha: float, negligible: float) -> Tested:
    """Whether accuracy, averaged over some noises, is higher for the models than for the others, in new trainings and images.

    models, others: two or more of each, all under the same noises, on the same images. negligible: a gain of accuracy that is
    none, above 0.

    Other images and another training could each make the gain smaller or larger. By how much is bounded apart: over images by
    the mean difference of each of them, over trainings by the t-test of B. L. Welch (Biometrika 34, 1947) on the networks'
    mean accuracies, with half of `alpha` each (Bonferroni); together they may do both. Supported: even then there is a gain.
    Refuted: even then it is at most `negligible`. Either is wrong with probability `alpha` at most, as far as the accuracies
    of trainings vary normally. The evidence has each noise alone too; those intervals do not hold all at once.
    """
    sets = {frozenset(rights) for rights in (*models.values(), *others.values())}
    if min(len(models), len(others)) < 2 or len(sets) > 1:
        raise RobustnessError("two models or more of each kind under the same noises are compared, which shows what is chance")
    means, means_of_others = (_means(side) for side in (models, others))
    if any(len(np.unique(side, axis=0)) < len(side) for side in (means, means_of_others)):
        raise RobustnessError("two of the models classify the same images correctly everywhere: they are one training, not two")
    gain, low, high = _gain(means, means_of_others, sampling, alpha)
    outcome = Outcome.SUPPORTED if low > 0 else Outcome.UNDECIDED if high > negligible else Outcome.REFUTED
    words = (
        f"mean accuracy {means.mean():.4f} of {len(models)} trainings against {means_of_others.mean():.4f} of {len(others)}: a "
        f"gain of {gain:.4f}, with other images and trainings {low:.4f} to {high:.4f}"
    )
    evidence = GainEvidence(
        confidence=1 - alpha,
        negligible=negligible,
        gain=gain,
        interval=(low, high),
        cells=tuple(_cell(noise, models, others, sampling, alpha) for noise in next(iter(models.values()))),
    )
    return Tested(outcome, words, evidence)


def _gain(ours: Floats, theirs: Floats, sampling: Sampling, alpha: float) -> tuple[float, float, float]:
    """How much more accurate ours are, and how little and how much with other images and trainings.

    ours, theirs: float64 of shape (models, images), 1 where a model is right or its mean over the noises.
    """
    gains = ours.mean(axis=0) - theirs.mean(axis=0)
    gain = float(gains.mean())
    over_images = mean_interval(gains, sampling, alpha)
    over_trainings = _welch_interval(ours.mean(axis=1), theirs.mean(axis=1), alpha)
    bounds = (over_image + over_training - gain for over_image, over_training in zip(over_images, over_trainings, strict=True))
    low, high = (min(max(bound, -1.0), 1.0) for bound in bounds)
    return gain, low, high


def _cell(noise: Noise, models: Trained, others: Trained, sampling: Sampling, alpha: float) -> GainCell:
    """One noise alone: every training's accuracy, and the gain with its interval."""
    rights = [np.array([right[noise] for right in side.values()], dtype=np.float64) for side in (models, others)]
    gain, low, high = _gain(rights[0], rights[1], sampling, alpha)
    accuracies, accuracies_of_others = (tuple(float(right.mean()) for right in side) for side in rights)
    return GainCell(
        noise=str(noise),
        accuracies=accuracies,
        accuracies_of_others=accuracies_of_others,
        gain=gain,
        interval=(low, high),
    )


def _means(models: Trained) -> Floats:
    """The mean over the noises: float64 of shape (models, images)."""
    means: Floats = np.array([np.mean(list(rights.values()), axis=0) for rights in models.values()])
    return means


def _welch_interval(ours: Floats, theirs: Floats, alpha: float) -> tuple[float, float]:
    """Of the difference of two means, either end beyond it in `alpha / 2`; -1 to 1 where nothing tells how much they vary."""
    variances = [side.var(ddof=1) / len(side) for side in (ours, theirs)]
    variance = sum(variances)
    if variance < TIE:
        return -1.0, 1.0
    freedom = variance**2 / sum(part**2 / (len(side) - 1) for part, side in zip(variances, (ours, theirs), strict=True))
    reach = float(scipy.special.stdtrit(freedom, 1 - alpha / 2) * math.sqrt(variance))
    gain = float(ours.mean() - theirs.mean())
    return gain - reach, gain + reach
