"""Limits that hold several measurements, or several classes, against each other. They count this test set's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import Measurement
from robustness.gate.limit import Limit
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Noise
from robustness.search.waves import FREQUENCIES, ORIENTATIONS, DisruptionMap, waves

TIE = 1e-4
"""Margins below this are within what the arithmetic of two runtimes differs by."""
SHOWN = 10
LISTED = 50
"""Images named otherwise: in words, and in the details."""


@dataclass(frozen=True)
class Finding:
    """value: what was measured, in the units of the limit. kept: whether the limit is. words: both, in a sentence.

    details: what a report can show of it, in plain values.
    """

    value: float
    kept: bool
    words: str
    details: dict[str, Any] | None = None


def cases(limit: Limit, size: int) -> list[tuple[str, Noise]]:
    """The models and noises that a limit needs measured, its own noise first. size: of the network's input, in pixels."""
    own = [(limit.model, noise) for noise in limit.levels or (limit.noise,)]
    if limit.asks in ("relative", "break_point"):
        return [*own, (limit.model, Clean())]
    if limit.asks == "worst_band":
        return [*own, (limit.model, Clean()), *((limit.model, wave) for wave in waves(limit.noise.level or 0.0, size))]
    if limit.asks == "mean_error":
        return [*own, *((str(limit.reference), noise) for noise in limit.levels)]
    if limit.asks == "max_differences":
        return [*own, (str(limit.reference), limit.noise)]
    return own


def check_comparable(limit: Limit, own: Classifier, source: Classifier) -> None:
    """A `RobustnessError` where a model and the one it was made of would not be given the same images, or are one module."""
    if own.fit != source.fit:
        raise RobustnessError(
            f"{limit.place}: {own.name} takes images by {own.fit}, {source.name} by {source.fit}, and noise is added after "
            "that: they would see other images; declare the same size and fit"
        )
    if own.given is source.given:
        raise RobustnessError(f"{limit.place}: {own.name} and {source.name} are one module: nothing would be compared")


def find(limit: Limit, measured: Sequence[Measurement], image_set: ImageSet) -> Finding:
    """What the measurements of `cases(limit)` say."""
    if limit.asks == "relative":
        return relative(measured[0].right, measured[1].right, limit.required)
    if limit.asks == "worst_class":
        return worst_class(measured[0], image_set, limit.required)
    if limit.asks == "worst_band":
        return worst_band(measured[1].accuracy, measured[2:], limit.required)
    if limit.asks == "max_differences":
        return max_differences(measured[0], measured[1], image_set, limit.required)
    rights = [measurement.right for measurement in measured]
    if limit.asks == "monotone":
        return monotone(rights, limit.levels, len(image_set), limit.required)
    if limit.asks == "break_point":
        return break_point(rights[:-1], rights[-1], limit)
    if limit.asks == "mean_error":
        count = len(limit.levels)
        return mean_error(rights[:count], rights[count:], len(image_set), limit)
    raise RobustnessError(f"{limit}: nothing is known of {limit.asks}")


def relative(noisy: int, clean: int, required: Decimal) -> Finding:
    """Images right under noise over images right without."""
    if not clean:
        raise RobustnessError("no clean image is named right, so no share of them can be kept")
    value = Fraction(noisy, clean)
    words = f"{noisy:,} right, {float(value):.4f} of the {clean:,} that are right without noise, the limit asks for {required}"
    return Finding(float(value), value >= Fraction(required), words)


def worst_class(measurement: Measurement, image_set: ImageSet, required: Decimal) -> Finding:
    """The smallest accuracy of any class."""
    totals = np.bincount(image_set.labels, minlength=len(image_set.class_names))
    if missing := [image_set.class_names[label] for label in np.flatnonzero(totals == 0)]:
        raise RobustnessError(f"{image_set.name} has no image of {', '.join(missing[:3])}, so its accuracy was not measured")
    hit = measurement.result.predictions == image_set.labels
    rights = np.bincount(image_set.labels[hit], minlength=len(totals))
    label = min(range(len(totals)), key=lambda label: Fraction(int(rights[label]), int(totals[label])))
    value = Fraction(int(rights[label]), int(totals[label]))
    name = image_set.class_names[label]
    words = (
        f"worst class {name!r}: {rights[label]:,} of {totals[label]:,} right, {float(value):.4f}, the limit asks for {required}"
    )
    return Finding(float(value), value >= Fraction(required), words)


def worst_band(clean: float, measured: Sequence[Measurement], required: Decimal) -> Finding:
    """The smallest accuracy under waves of equal energy, over spatial frequency and orientation."""
    found = DisruptionMap.of([measurement.accuracy for measurement in measured], clean)
    worst = min(measured, key=lambda measurement: measurement.right)
    details = {
        "frequencies": list(FREQUENCIES),
        "orientations": list(ORIENTATIONS),
        "accuracies": found.accuracies.tolist(),
        "clean": clean,
        "band": found.band,
        "words": found.in_words(),
    }
    kept = Fraction(worst.right, worst.total) >= Fraction(required)
    return Finding(worst.accuracy, kept, f"{found.in_words()}, the limit asks for {required} under every wave", details)


def max_differences(own: Measurement, source: Measurement, image_set: ImageSet, required: Decimal) -> Finding:
    """The share of images that a model names otherwise than the one it was made of; the widest margins are listed first."""
    for measurement in (own, source):
        if not measurement.result.is_complete:
            raise RobustnessError(f"{measurement.case}: {measurement.seen} of {measurement.total} images were evaluated")
    names, model, total = image_set.class_names, source.case.model, own.total
    places = np.flatnonzero(own.result.predictions != source.result.predictions)
    margins = source.result.margins[places]
    ties = int((margins < TIE).sum())
    images = [
        {
            "index": int(image_set.index[place]),
            "class": names[image_set.labels[place]],
            "says": names[own.result.predictions[place]],
            "source_says": names[source.result.predictions[place]],
            "margin": float(source.result.margins[place]),
        }
        for place in places[np.argsort(-margins, kind="stable")][:LISTED]
    ]
    allowed = int((required * total).to_integral_value(ROUND_FLOOR))
    words = (
        f"{len(places):,} of {total:,} predictions are not those of {model}, {len(places) / total:.4f}; "
        f"the limit {required} allows {allowed:,}"
    )
    if images:
        words += f"; {ties:,} of them where {model} itself is at a tie (margin below {TIE:g}): " + "; ".join(
            f"image {image['index']} ({image['class']}) is {image['says']}, not {image['source_says']} "
            f"(margin {image['margin']:.2g})"
            for image in images[:SHOWN]
        )
        words += f"; and {len(places) - SHOWN:,} more" if len(places) > SHOWN else ""
    details = {"source": model, "differences": len(places), "ties": ties, "images": images}
    return Finding(len(places) / total, len(places) <= allowed, words, details)


def monotone(rights: Sequence[int], levels: Sequence[Noise], total: int, tolerance: Decimal) -> Finding:
    """By how much accuracy rises at most from a level to a stronger one. levels: from weak to strong."""
    pairs = [(weak, strong) for strong in range(len(rights)) for weak in range(strong)]
    weak, strong = max(pairs, key=lambda pair: rights[pair[1]] - rights[pair[0]])
    rise = max(0, rights[strong] - rights[weak])
    where = f"from {levels[weak]} to {levels[strong]}" if rise else "at no level"
    words = f"accuracy rises by {rise / total:.4f} ({rise:,} images) {where}, the limit allows {tolerance}"
    return Finding(rise / total, Fraction(rise, total) <= Fraction(tolerance), words)


def break_point(rights: Sequence[int], clean: int, limit: Limit) -> Finding:
    """The first of the levels at which accuracy is below a share of clean accuracy; the last level if it never is."""
    if not clean:
        raise RobustnessError("no clean image is named right, so there is no point at which accuracy breaks")
    bar = Fraction(limit.of_clean or 0) * clean
    broken = next((place for place, right in enumerate(rights) if right < bar), None)
    asked = f"the limit asks for {limit.of_clean} of the clean {clean:,} up to {limit.levels[-1]}"
    if broken is None:
        return Finding(float(limit.levels[-1].level or 0), True, f"accuracy keeps up at {len(rights)} levels; {asked}")
    level = limit.levels[broken]
    return Finding(float(level.level or 0), False, f"breaks at {level}: {rights[broken]:,} right; {asked}")


def mean_error(own: Sequence[int], reference: Sequence[int], total: int, limit: Limit) -> Finding:
    """Errors summed over the levels of each kind of noise, over the reference's, averaged over the kinds.

    Hendrycks and Dietterich's mean corruption error (ICLR 2019), beside a model of one's own in place of AlexNet.
    """
    ratios = []
    for family in dict.fromkeys(noise.family for noise in limit.levels):
        places = [place for place, noise in enumerate(limit.levels) if noise.family == family]
        theirs = sum(total - reference[place] for place in places)
        if not theirs:
            raise RobustnessError(f"{limit.reference} makes no error under {family}, so nothing can be measured by its errors")
        ratios.append(Fraction(sum(total - own[place] for place in places), theirs))
    value = sum(ratios, Fraction(0)) / len(ratios)
    kinds = f"mean over {len(ratios)} kinds of noise"
    words = f"{float(value):.4f} of the errors of {limit.reference}, {kinds}, the limit allows {limit.required}"
    return Finding(float(value), value <= Fraction(limit.required), words)
