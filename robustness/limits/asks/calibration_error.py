"""calibration_error: between how sure a network is of its predictions and how often they are right lies at most this."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.statistics.classification import BINS, calibration_error


class CalibrationError(Ask):
    name = "calibration_error"
    kept_by_dead = True
    at_most = True
    takes = ("group", "over_seeds")
    is_share = scored = True
    no_interval = "the error of a sample is larger than the population's, by how much depends on the bins"

    def judge(self, measured: Measured) -> Found:
        limit, (scores, images) = measured.limit, measured.scored
        if np.isnan(scores.probabilities).any():
            raise RobustnessError(
                f"{limit.model} gives numbers that are probabilities already, so how sure it is was not measured: declare "
                'output = "probabilities"'
            )
        right = scores.predictions == images.labels
        value = calibration_error(scores.probabilities, right)
        words = (
            f"expected calibration error {value:.4f} over {BINS} bins: {right.mean():.4f} of {len(right):,} right, and "
            f"{scores.probabilities.mean(dtype=float):.4f} sure of it in the mean, the limit allows {limit.required}"
        )
        return Found(value, value <= float(limit.required), words, exact=Fraction(value))
