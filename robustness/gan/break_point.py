"""Where a classifier breaks, as a generator shows it: samples asked for with more and more noise, beside real images under it.

A generator that was told how noisy its training images were can be asked for any level in between. If its samples break a
classifier where real images do, it has learnt what breaks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from tqdm import tqdm

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.forward import backing_off
from robustness.gan.judge import ALPHA, check_takes_samples, draw_like
from robustness.gan.sample import Generator
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Noise
from robustness.statistics.intervals import lower_bound

STEPS = 20
"""Magnitudes above 0 at which accuracy is measured, evenly spaced."""


@dataclass(frozen=True)
class Curve:
    """Accuracy at each magnitude from 0 to the highest. break_point: the first magnitude at which it is below the bar."""

    name: str
    accuracies: tuple[float, ...]
    break_point: float | None


@dataclass(frozen=True)
class BreakPoints:
    """magnitudes: of the noise, 0 first. real: images under the noise itself. generated: samples asked for with as much of it.

    noised: clean samples under the noise itself, which tells a fault of the samples from a fault of their noise.
    """

    noise: Noise
    of_clean: float
    images: int
    magnitudes: tuple[float, ...]
    real: Curve
    generated: Curve
    noised: Curve


def find_break_points(
    generator: Generator, classifier: Classifier, real: ImageSet, highest: Noise, of_clean: float, seed: int
) -> BreakPoints:
    """Measure the three curves on as many samples as there are real images, class by class.

    highest: the noise at the magnitude to go up to, one the generator was trained on or a lower one. of_clean: a curve breaks
    where it falls below this share of its own accuracy at 0.
    """
    if highest.level is None or highest.identity is None or highest.level == highest.identity:
        raise RobustnessError(f"{highest} has no magnitude that grows from nothing, so nothing breaks at one")
    if not 0 < of_clean <= 1:
        raise RobustnessError(f"{of_clean} of clean accuracy is no bar: a share lies above 0 and is at most 1")
    if not generator.condition.class_names:
        raise RobustnessError("the generator cannot be asked for a class, so nothing tells whether its samples are named right")
    generator.condition.levels(highest)
    check_takes_samples(classifier, real)
    magnitudes = np.linspace(highest.identity, highest.level, STEPS + 1)
    noises = [Clean(), *(highest.at(float(magnitude)) for magnitude in magnitudes[1:])]
    commonest = float(np.bincount(real.labels).max()) / len(real)
    clean = draw_like(generator, real, seed)
    rights: dict[str, list[int]] = {"real": [], "generated": [], "noised": []}
    for noise in tqdm(noises, f"{classifier.name} {highest.family}", unit="magnitude", disable=None):
        rights["real"].append(_right(classifier, real, noise, seed))
        rights["generated"].append(_right(classifier, draw_like(generator, real, seed, noise), Clean(), seed))
        rights["noised"].append(_right(classifier, clean, noise, seed))

    def curve(name: str) -> Curve:
        counts = rights[name]
        if lower_bound(counts[0], len(real), ALPHA) <= commonest:
            raise RobustnessError(
                f"{classifier.name} names {counts[0]} of {len(real)} images without noise right ({name}), no more than whoever "
                "always names the commonest class: nothing can break"
            )
        below = (place for place, count in enumerate(counts) if count < Fraction(str(of_clean)) * counts[0])
        first = next(below, None)
        accuracies = tuple(count / len(real) for count in counts)
        return Curve(name, accuracies, None if first is None else float(magnitudes[first]))

    curves = {name: curve(name) for name in rights}
    return BreakPoints(highest, of_clean, len(real), tuple(magnitudes.tolist()), **curves)


def _right(classifier: Classifier, images: ImageSet, noise: Noise, seed: int) -> int:
    result = backing_off(lambda: evaluate(classifier, images, noise, seed))
    return int((result.predictions == images.labels).sum())
