"""What a training can aim for: the limits of a model that more accuracy under their noises keeps, measured on some images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import sqrt

import numpy as np

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.gate.thresholds import Thresholds
from robustness.gate.workbench import Workbench, with_outside
from robustness.limits.asks.ask import Found
from robustness.limits.limit import Limit
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Noise


@dataclass(frozen=True)
class Seen:
    """What a limit came to on some images."""

    kept: bool  # not where the images do not decide
    value: float | None  # None: could not be measured
    words: str
    clearly: bool = False  # whether it is kept with a standard error to spare, so that other images would hardly say otherwise

    @classmethod
    def of(cls, found: Found, clearly: bool = False) -> Seen:
        return cls(found.kept is True, found.value, found.words, clearly)


@dataclass(frozen=True)
class Aims:
    """The promises of a file about one model."""

    limits: tuple[Limit, ...]
    others: tuple[tuple[str, str], ...]  # ids of the file's other promises on the model, and why no training aims for each


def aims(thresholds: Thresholds, model: str) -> Aims:
    """The promises about a model, by whether a training can aim for them."""
    about = [promise for promise in thresholds.promises if model in promise.about]
    reasons = {promise: _not_aimed_at(promise) for promise in about}
    limits = tuple(promise for promise, why in reasons.items() if isinstance(promise, Limit) and why is None)
    others = tuple((str(promise), why) for promise, why in reasons.items() if why is not None)
    if not limits:
        kept = f": {others[0][0]} is {others[0][1]}" if others else ""
        raise RobustnessError(f"{thresholds.file}: has no limit on {model} that a training can aim for{kept}")
    return Aims(limits, others)


def _not_aimed_at(promise: object) -> str | None:
    if not isinstance(promise, Limit):
        return "no limit"
    if not promise.ask.is_trained_for:
        return f"about {promise.asks}, which more accuracy under its noises need not keep"
    if promise.group is not None:
        return f"about the images of {promise.group!r} alone, of which training images need not have any"
    if promise.seeds:
        return "about several noise seeds together, and a training looks at one"
    if promise.waived_until is not None and date.today() > promise.waived_until:
        return f"broken while its waiver has expired, on {promise.waived_until}"
    return None


def measured_on_the_test_set(limits: Sequence[Limit], bench: Workbench) -> dict[Limit, Found]:
    """As the gate measures them; what cannot be measured there is to be mended first."""
    return {limit: limit.ask.judge(limit.ask.measure(limit, bench)) for limit in limits}


def on_held_out(limit: Limit, found: Found, images: int) -> Limit:
    """The limit to hold held-out images against, of which no former release has told: of a drop, the accuracy that it leaves.

    found: on the test set, of so many images.
    """
    if found.change is None:
        return limit
    left = Decimal(found.change.right_before) / images - limit.required
    return replace(limit, asks="accuracy", required=max(Decimal(0), left))


def judge(limits: Sequence[Limit], classifier: Classifier, held_out: ImageSet, thresholds: Thresholds) -> tuple[Seen, ...]:
    """The limits on held-out images, of the network as it is now; what cannot be measured is not kept."""
    with Workbench(thresholds) as bench:  # a run of its own: nothing that was measured before stands in
        bench.once("images", lambda: with_outside(held_out, thresholds))
        bench.once(("model", classifier.name), lambda: replace(classifier, architecture=None))
        bench.once(("sentinels", classifier.name), lambda: False)  # the gate asks them of what comes out
        return tuple(_seen(limit, bench) for limit in limits)


def _seen(limit: Limit, bench: Workbench) -> Seen:
    try:
        measured = limit.ask.measure(limit, bench)
        found = limit.ask.judge(measured)
        clearly = limit.ask.judge(replace(measured, limit=_raised(limit, bench))).kept is True
    except RobustnessError as error:
        return Seen(False, None, str(error))
    return Seen.of(found, clearly)


def _raised(limit: Limit, bench: Workbench) -> Limit:
    """The limit with the standard error of a share of these images on top, where it is about one, and no bound already."""
    bounded = limit.ask.of_population and bench.thresholds.scope.about == "population"
    if bounded or not limit.ask.is_share:
        return limit
    share = float(limit.required)
    error = Decimal(sqrt(max(0.0, share * (1 - share)) / _images_of(limit, bench.images)))
    return replace(limit, required=min(max(limit.required, Decimal(1)), limit.required + error))


def _images_of(limit: Limit, images: ImageSet) -> float:
    """How many a limit's share is of, or close to it."""
    count = float(len(images))
    if limit.classes:
        count = float(np.isin(images.labels, [images.number_of(name) for name in limit.classes]).sum())
    if limit.asks == "worst_class":
        count /= len(limit.classes or images.class_names)
    return max(count, 1.0)


def noises_of(limit: Limit, classifier: Classifier) -> tuple[Noise, ...]:
    """What a limit puts on its own model's images."""
    cases = limit.ask.cases(limit, classifier.fit.shape)
    return tuple(dict.fromkeys(noise for model, noise in cases if model == classifier.name and noise != Clean()))


def balanced(noises: Sequence[tuple[Noise, ...]]) -> Iterator[Noise]:
    """Noises of several limits, repeated so that each limit has as many: one with a few is not drowned by one with many."""
    several = [each for each in dict.fromkeys(noises) if each]
    most = max(map(len, several), default=0)
    for each in several:
        yield from (each[number % len(each)] for number in range(most))
