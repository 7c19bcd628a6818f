"""From measured accuracies to the accuracy limits of a thresholds file; whatever else stands in the file stays as it is."""

from __future__ import annotations

import math
import re
import shutil
import statistics
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy

from robustness.data import ImageSet
from robustness.declaration.places import KeyPath, line_numbers, value_bytes
from robustness.errors import RobustnessError, nearest
from robustness.evaluation.evaluate import Measurement
from robustness.files.atomic import replacing
from robustness.gate.thresholds import Thresholds, read
from robustness.gate.workbench import Workbench
from robustness.limits.limit import Limit
from robustness.models.classifier import Classifier
from robustness.models.declaration import with_weights
from robustness.models.load import load_classifier
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


Accuracies = Mapping[Subject, Sequence[Fraction]]
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
        if limit.ask.is_counted and limit.group is None and not limit.seeds:
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


def calibrate(asked: Sequence[Asked], measured: Accuracies, margin: Fraction, ratchet: bool) -> list[Change]:
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


def unlike_retrained(measured: Accuracies) -> list[str]:
    """A sentence for each accuracy of a declared network that lies outside of what one more training would reach.

    By the two-sided prediction interval of the retrained networks alone, all those of one model together at 95 %.
    """
    told = []
    for subject, (declared, *retrained) in measured.items():
        if not retrained:
            continue
        n, together = len(retrained), sum(other.model == subject.model for other in measured)
        factor = float(scipy.special.stdtrit(n - 1, 1 - (1 - CONFIDENCE) / 2 / together)) * math.sqrt(1 + 1 / n)
        mean, reach = float(statistics.mean(retrained)), factor * float(statistics.stdev(retrained))
        low, high = max(0.0, mean - reach), min(1.0, mean + reach)
        if not low <= float(declared) <= high:
            where = "below" if declared < low else "above"
            told.append(
                f"{subject.model} under {subject.noise}: {100 * float(declared):.2f} % lies {where} what {n} trainings like it "
                f"let expect, {100 * low:.2f} to {100 * high:.2f} %: was it trained alike?"
            )
    return told


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


def by_command(thresholds: Thresholds) -> tuple[list[Asked], list[str]]:
    """The accuracies of a file that a command can measure; and the others, with the reason."""
    asked, left = [], []
    for limit in asked_accuracies(thresholds):
        fixtures = [subject for subject in limit.subjects if thresholds.models[subject.model].load == "fixture"]
        if fixtures:
            left.append(f"{limit.accuracy} under {limit.subjects[0].noise}; {fixtures[0].model} lives in a pytest fixture")
        else:
            asked.append(limit)
    return asked, left


def retrained_files(texts: Sequence[str], models: Collection[str]) -> dict[str, list[Path]]:
    """The weights files of networks trained like the declared ones, by model. texts: as `--retrained` takes them."""
    files: dict[str, list[Path]] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise RobustnessError(f"cannot read --retrained {text}: write MODEL=FILE")
        if name not in models:
            raise RobustnessError(f"--retrained {text}: no accuracy of {name!r} can be measured; {nearest(name, models)}")
        files.setdefault(name, []).append(Path(file).expanduser().absolute())
    for name, given in files.items():
        if len(given) < FEWEST:
            raise RobustnessError(
                f"--retrained: {len(given)} of {name}; give at least {FEWEST}: the spread of fewer says too little"
            )
    return files


def measure_subjects(asked: Sequence[Asked], retrained: Mapping[str, Sequence[Path]], bench: Workbench) -> Accuracies:
    """The accuracies of all that is asked of; networks retrained like a declared one are measured beside it."""
    subjects = dict.fromkeys(subject for limit in asked for subject in limit.subjects)
    networks = {name: _networks(name, retrained.get(name, ()), bench) for name in {subject.model: None for subject in subjects}}
    return {
        subject: [
            accuracy_of(bench.measure(network, subject.noise, subject.seed), bench.images, subject.classes)
            for network in networks[subject.model]
        ]
        for subject in subjects
    }


def _networks(name: str, retrained: Sequence[Path], bench: Workbench) -> list[Classifier]:
    """The declared network, then those retrained like it."""
    declared, base = bench.thresholds.models[name], bench.thresholds.base
    others = [replace(with_weights(declared, file), name=f"{name} {file.name}") for file in retrained]
    networks = [bench.load(name), *(load_classifier(other, base) for other in others)]
    if len({network.content_hash() for network in networks}) < len(networks):
        raise RobustnessError(f"--retrained: two of the networks of {name} have the same weights; they say nothing of a spread")
    return networks


def origin(margin: float, ratchet: bool, retrained: Mapping[str, Sequence[Path]], thresholds: Thresholds) -> str:
    """Where limits come from, for `rewritten`. margin: in points."""
    has_fixtures = any(model.load == "fixture" for model in thresholds.models.values())
    said = [f"measured less {margin:g} point{'s' * (margin != 1)}"]
    said += [f"{name} by the spread of {len(files) + 1} trainings" for name, files in retrained.items()]
    return ", ".join(said + ["only ever raised"] * ratchet + ["fixtures left as they were"] * has_fixtures)


def replace_accuracies(thresholds: Thresholds, old: str, changes: Sequence[Change], how: str) -> None:
    """The thresholds file with its new accuracies, whole and readable, or else as it was. old: its text when it was read."""
    file, new = thresholds.file, rewritten(old, changes, how, date.today())
    try:
        with replacing(file) as partial:
            partial.write_bytes(new.encode())
            shutil.copymode(file, partial)
            read(partial, thresholds.promise_kinds)
            if file.read_bytes() != old.encode():
                raise RobustnessError(f"{file} changed while it was measured and stays as it is; run again")
    except OSError as error:
        raise RobustnessError(f"{file} stays as it is: {error.strerror}") from error
