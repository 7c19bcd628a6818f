"""From measured accuracies to the accuracy limits of a thresholds file; whatever else stands in the file stays as it is."""

from __future__ import annotations

import math
import re
import statistics
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import scipy

from robustness.data import ImageSet
from robustness.declaration.places import KeyPath, line_numbers, value_bytes
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import Measurement
from robustness.gate.thresholds import Thresholds
from robustness.limits.limit import Limit
from robustness.noise import Noise

CONFIDENCE = 0.95
"""That one more network, trained like the others, keeps a limit that comes from their spread."""
FEWEST = 5
"""Retrained networks for one model: the standard deviation of fewer values says too little."""
DIGITS = 3
"""Limits are rounded down to a tenth of a point, 0.001."""
NOTE = re.compile(r"^[ \t]*# accuracy limits: .*, by robustness calibrate on \d{4}-\d\d-\d\d[ \t]*(?=\r?$)", re.MULTILINE)


class Subject(NamedTuple):
    """What an accuracy is measured of. seed: of the noise. classes: the only ones that count; all where empty."""

    model: str
    noise: Noise
    seed: int
    classes: tuple[str, ...]


Measured = Mapping[Subject, Sequence[Fraction]]
"""Accuracies: the declared network's first, then those of the networks retrained like it."""


@dataclass(frozen=True)
class Asked:
    """An accuracy that the file asks for. place: its path in the file. subjects: what it holds for."""

    place: KeyPath
    subjects: tuple[Subject, ...]
    accuracy: Decimal


@dataclass(frozen=True)
class Change:
    """An accuracy that the file will ask for. subject: the one, of those it holds for, that it comes from.

    measured: the accuracy of the declared network there. margin: what was taken off, before rounding. Both are shares.
    """

    asked: Asked
    subject: Subject
    measured: Fraction
    margin: Fraction
    after: Decimal


def asked_accuracies(thresholds: Thresholds) -> list[Asked]:
    """Every accuracy in a thresholds file; a list has one for each level."""
    asked: dict[KeyPath, list[Limit]] = {}
    for limit in thresholds.of(Limit):
        if limit.ask.is_counted:
            asked.setdefault(limit.key, []).append(limit)
    return [
        Asked(key, tuple(_subject(limit, thresholds.seed) for limit in limits), limits[0].required)
        for key, limits in asked.items()
    ]


def _subject(limit: Limit, seed: int) -> Subject:
    return Subject(limit.model, limit.noise, seed if limit.seed is None else limit.seed, limit.classes)


def accuracy_of(measurement: Measurement, images: ImageSet, classes: Sequence[str]) -> Fraction:
    """The share of the images named right, of those of the classes where any are named."""
    labels = (images.only(*classes) if classes else images).labels
    if not len(labels):
        raise RobustnessError(f"{images.name} has no image of {', '.join(classes)}")
    right = (measurement.result.predictions == images.labels)[np.isin(images.labels, labels)]
    return Fraction(int(right.sum()), len(right))


def calibrate(asked: Sequence[Asked], measured: Measured, margin: Fraction, ratchet: bool) -> list[Change]:
    """The new limits: the lowest over what each holds for, rounded down, never below 0.

    margin: a share, for models that were not retrained. ratchet: no limit is lowered.
    """
    changes = []
    for limit in asked:
        subject = min(limit.subjects, key=lambda subject: _kept(measured[subject], margin))
        accuracy, kept = measured[subject][0], _kept(measured[subject], margin)
        after = Decimal(max(0, math.floor(kept * 10**DIGITS))).scaleb(-DIGITS)
        changes.append(Change(limit, subject, accuracy, accuracy - kept, max(after, limit.accuracy) if ratchet else after))
    return changes


def _kept(accuracies: Sequence[Fraction], margin: Fraction) -> Fraction:
    """What may be asked of a network; the declared one, the first, always keeps it."""
    return accuracies[0] - margin if len(accuracies) == 1 else min(accuracies[0], prediction_limit(accuracies))


def prediction_limit(accuracies: Sequence[Fraction]) -> Fraction:
    """What one more network reaches with a probability of 95 %, if all are draws of one normal distribution.

    The one-sided lower prediction limit mean - t(0.95, n - 1) * s * sqrt(1 + 1 / n), with the standard deviation s of the n
    accuracies (Hahn and Meeker, Statistical Intervals, 1991, chapter 4).
    """
    n = len(accuracies)
    factor = float(scipy.special.stdtrit(n - 1, CONFIDENCE)) * math.sqrt(1 + 1 / n)
    return statistics.mean(accuracies) - Fraction(factor * float(statistics.stdev(accuracies)))


def rewritten(text: str, changes: Sequence[Change], how: str, today: date) -> str:
    """The text with the new accuracies, and one comment line under `[run]` that says where they come from."""
    wanted, content, values = tomllib.loads(text), bytearray(text.encode()), value_bytes(text)
    for change in sorted(changes, key=lambda change: values[change.asked.place].start, reverse=True):
        if change.after != change.asked.accuracy:
            content[values[change.asked.place]] = str(change.after).encode()  # what stands before keeps its place
            _put(wanted, change.asked.place, float(change.after))
    new = _noted(content.decode(), f"# accuracy limits: {how}, by robustness calibrate on {today.isoformat()}")
    if tomllib.loads(new) != wanted:
        raise RobustnessError("the file stays as it is: writing would have changed more than its accuracies")
    return new


def _put(content: Any, place: KeyPath, value: Any) -> None:
    *way, last = place
    for part in way:
        content = content[part]
    content[last] = value


def _noted(text: str, note: str) -> str:
    """With the note in the place of the former one, or else below the last key of `[run]`."""
    if NOTE.search(text):
        return NOTE.sub(lambda _: note, text, count=1)
    lines = text.split("\n")
    last = max(line for path, line in line_numbers(text).items() if path[0] == "run")
    return "\n".join([*lines[:last], note + "\r" * lines[last - 1].endswith("\r"), *lines[last:]])
