"""Figures of a classification by classes and by probabilities: labels and predictions in, numbers out."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError

Integers = npt.NDArray[np.integer]

BINS = 15
"""Of a calibration error, of equal width, as torchmetrics has them by default."""


def recalls(predictions: Integers, labels: Integers, classes: int) -> list[Fraction]:
    """Of each class the share of its images that is classified as it; a `RobustnessError` where a class has no image.

    predictions, labels: of shape (N,). Predictions of no class lie outside 0..classes - 1.
    """
    totals = np.bincount(labels, minlength=classes)
    if not totals.all():
        raise RobustnessError(f"class {int(np.argmin(totals))} of {classes} has no image")
    hits = np.bincount(labels[predictions == labels], minlength=classes)
    return [Fraction(int(hit), int(total)) for hit, total in zip(hits, totals, strict=True)]


def f1_scores(predictions: Integers, labels: Integers, classes: int) -> list[Fraction]:
    """Of each class the harmonic mean of precision and recall, 0 where no image is classified right as it.

    As `recalls`.
    """
    of_class = recalls(predictions, labels, classes)  # refuses what cannot be measured
    totals = np.bincount(labels, minlength=classes)
    named = np.bincount(predictions[(predictions >= 0) & (predictions < classes)], minlength=classes)
    return [
        2 * recall * int(total) / (int(total) + int(count))
        for recall, total, count in zip(of_class, totals, named, strict=True)
    ]


def mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def lower_quantile(values: list[Fraction], share: Fraction) -> Fraction:
    """The least of the values that at least this share of them does not exceed. share: above 0, below 1.

    >>> lower_quantile([Fraction(n, 10) for n in range(10)], Fraction("0.25"))
    Fraction(1, 5)
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def calibration_error(probabilities: npt.NDArray[np.floating], right: npt.NDArray[np.bool_], bins: int = BINS) -> float:
    """The expected calibration error, 0 to 1: over bins, the distance between accuracy and mean probability, by their images.

    probabilities: of shape (N,), of the predicted classes, in 0..1. right: bool of shape (N,). Bins are of equal width and
    hold their lower edge; a probability of exactly 1 has one of its own, as in torchmetrics.

    Source: M. P. Naeini and others, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.

    >>> calibration_error(np.array([0.5, 0.5, 0.75, 0.75]), np.array([True, False, True, True]))
    0.125
    """
    values = probabilities.astype(np.float64)
    if not len(values) or values.shape != right.shape:
        raise RobustnessError(f"probabilities of shape {values.shape} and outcomes of shape {right.shape}: give one per image")
    if not ((values >= 0) & (values <= 1)).all():  # NaN is in no such range
        raise RobustnessError("a probability lies outside 0..1, so no calibration error was measured")
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges, values, side="right") - 1
    gaps = np.bincount(places, weights=right - values, minlength=bins + 1)
    return float(np.abs(gaps).sum() / len(values))
