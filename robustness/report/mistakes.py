"""What models got wrong, from their stored predictions: by class, which classes for which, and which images noise turned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet, Preparation, prepared
from robustness.errors import RobustnessError
from robustness.evaluation.result import Result
from robustness.evaluation.rule import NO_CLASS, class_name
from robustness.limits.record import LimitRecord
from robustness.noise import Clean, Noise, apply
from robustness.report.pictures import data_uri
from robustness.report.results import ClassCounts, Confusions, Turned, TurnedImage

TURNED = 6
"""Images shown of each model and kind of noise."""

Find = Callable[[str], Result | None]
"""The predictions of a case by its key; None where they are not kept."""


def count_by_class(limits: Sequence[LimitRecord], image_set: ImageSet, find: Find) -> tuple[ClassCounts, ...]:
    """Per model and noise, in the order of the limits."""
    counted = []
    for of_model in _by_model(limits).values():
        for limit in {one.noise: one for one in of_model}.values():
            if (result := find(limit.key)) is not None:
                seen, right = (
                    tuple(np.bincount(image_set.labels[chosen], minlength=len(image_set.class_names)).tolist())
                    for chosen in (result.predictions >= 0, result.predictions == image_set.labels)
                )
                counted.append(ClassCounts(model=limit.model, noise=limit.noise, seen=seen, right=right))
    return tuple(counted)


def describe_confusions(limits: Sequence[LimitRecord], image_set: ImageSet, find: Find) -> tuple[Confusions, ...]:
    """Per model without noise, and under the noise that left it least accurate."""
    described = []
    for of_model in _by_model(limits).values():
        worst = min(of_model, key=lambda limit: limit.accuracy)
        chosen = [limit for limit in of_model if limit.noise == str(Clean())] + [worst]
        kept = [(limit, find(limit.key)) for limit in {one.noise: one for one in chosen}.values()]
        described += [_confusions(limit, image_set, result) for limit, result in kept if result is not None]
    return tuple(described)


def _confusions(limit: LimitRecord, image_set: ImageSet, result: Result) -> Confusions:
    count = len(image_set.class_names)
    seen = result.predictions >= 0
    labels, named = image_set.labels[seen], seen & (result.predictions != NO_CLASS)
    pairs_of = image_set.labels[named] * count + result.predictions[named].astype(np.int64)
    table = np.bincount(pairs_of, minlength=count**2).reshape(count, count)
    right = table.diagonal().copy()
    np.fill_diagonal(table, 0)
    pairs = sorted(zip(*np.nonzero(table), strict=True), key=lambda pair: (-table[pair], pair))
    return Confusions(
        model=limit.model,
        noise=limit.noise,
        accuracy=limit.accuracy,
        seen=tuple(np.bincount(labels, minlength=count).tolist()),
        right=tuple(right.tolist()),
        pairs=tuple((int(label), int(other), int(table[label, other])) for label, other in pairs),
    )


def draw_turned(
    limits: Sequence[LimitRecord],
    fits: Mapping[str, Preparation],
    noises: Mapping[str, Noise],
    image_set: ImageSet,
    seed: int,
    find: Find,
) -> tuple[Turned, ...]:
    """Per model and kind of noise, at the first magnitude that breaks a limit or else the highest: the images that the model
    was surest of, each of another class. fits: by model, how it sees them. noises: by text form.
    """
    drawn = []
    for of_model in _by_model(limits).values():
        clean = next((limit for limit in of_model if limit.noise == str(Clean())), None)
        before = find(clean.key) if clean else None
        if clean is None or before is None or clean.model not in fits:
            continue
        for limit in _of_each_kind(of_model):
            after = find(limit.key)
            if after is None or limit.noise not in noises:
                continue
            turned = (
                (before.predictions == image_set.labels) & (after.predictions != image_set.labels) & (after.predictions >= 0)
            )
            places = _surest(np.flatnonzero(turned), before, image_set)
            if not len(places):
                continue
            images = prepared(image_set, fits[clean.model]).batch(places)
            try:
                noisy = apply(noises[limit.noise], images, image_set.index[places], seed)
            except RobustnessError:  # a transform of the user's own, which has said in its limits what is wrong
                continue
            pictures = tuple(
                TurnedImage(
                    index=int(image_set.index[place]),
                    name=_short(image_set.name_of(int(place))),
                    before=image_set.class_names[image_set.labels[place]],
                    after=class_name(image_set.class_names, after.predictions[place]),
                    clean=data_uri(images[number]),
                    noisy=data_uri(noisy[number]),
                )
                for number, place in enumerate(places)
            )
            drawn.append(Turned(model=limit.model, noise=limit.noise, turned=int(turned.sum()), pictures=pictures))
    return tuple(drawn)


def _surest(places: npt.NDArray[np.int64], before: Result, image_set: ImageSet) -> npt.NDArray[np.int64]:
    ordered = places[np.argsort(-before.margins[places], kind="stable")]
    _, first = np.unique(image_set.labels[ordered], return_index=True)  # of each class
    return ordered[np.sort(first)][:TURNED]


def _by_model(limits: Sequence[LimitRecord]) -> dict[str, list[LimitRecord]]:
    """Accuracies on all images, under the file's seed."""
    found: dict[str, list[LimitRecord]] = {}
    for limit in limits:
        if limit.is_plain:
            found.setdefault(limit.model, []).append(limit)
    return found


def _of_each_kind(limits: Sequence[LimitRecord]) -> list[LimitRecord]:
    chosen = []
    for family in dict.fromkeys(limit.family for limit in limits if limit.level is not None):
        levels = sorted((limit for limit in limits if limit.family == family), key=lambda limit: limit.distance)
        chosen.append(next((limit for limit in levels if limit.stops), levels[-1]))
    return chosen


def _short(name: str) -> str | None:
    """Of a file: its folder and its own name."""
    return "/".join(Path(name).parts[-2:]) if Path(name).is_absolute() else None
