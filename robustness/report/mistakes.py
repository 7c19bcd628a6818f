"""What models got wrong, from their stored predictions: which classes they took for which, and which images noise turned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from robustness.data import Fit, ImageSet, fit_images
from robustness.errors import RobustnessError
from robustness.evaluation.result import Result
from robustness.noise import Clean, Noise, apply
from robustness.report.pictures import data_uri

TURNED = 6
"""Images shown of each model and kind of noise."""

Outcome = Mapping[str, Any]
Find = Callable[[str], Result | None]
"""The predictions of a case by its key; None where they are not kept."""


def describe_confusions(outcomes: Iterable[Outcome], image_set: ImageSet, find: Find) -> list[dict[str, Any]]:
    """Per model what it named each class without noise, and under the noise that left it least accurate.

    Each entry: model, noise, accuracy; seen and right, per class; pairs of (class, what it was taken for, how often), most
    frequent first.
    """
    described = []
    for of_model in by_model(outcomes).values():
        worst = min(of_model, key=lambda outcome: float(outcome["accuracy"]))
        chosen = [outcome for outcome in of_model if outcome["noise"] == str(Clean())] + [worst]
        kept = [(outcome, find(outcome["key"])) for outcome in {one["noise"]: one for one in chosen}.values()]
        described += [_confusions(outcome, image_set, result) for outcome, result in kept if result is not None]
    return described


def _confusions(outcome: Outcome, image_set: ImageSet, result: Result) -> dict[str, Any]:
    count = len(image_set.class_names)
    seen = result.predictions >= 0
    labels, named = image_set.labels[seen], result.predictions[seen].astype(np.int64)
    table = np.bincount(labels * count + named, minlength=count**2).reshape(count, count)
    right = table.diagonal().copy()
    np.fill_diagonal(table, 0)
    pairs = sorted(zip(*np.nonzero(table), strict=True), key=lambda pair: (-table[pair], pair))
    return {
        "model": outcome["model"],
        "noise": outcome["noise"],
        "accuracy": outcome["accuracy"],
        "seen": np.bincount(labels, minlength=count).tolist(),
        "right": right.tolist(),
        "pairs": [[int(label), int(other), int(table[label, other])] for label, other in pairs],
    }


def draw_turned(
    outcomes: Iterable[Outcome], noises: Mapping[str, Noise], image_set: ImageSet, seed: int, find: Find
) -> list[dict[str, Any]]:
    """Images that a model names right without noise and wrong under one: before, after, and what it says.

    noises: by text form. Per model and kind of noise one entry, at the first magnitude that breaks a limit or else the highest,
    with the images that the model was surest of, each of another class.
    """
    drawn = []
    for of_model in by_model(outcomes).values():
        clean = next((outcome for outcome in of_model if outcome["noise"] == str(Clean())), None)
        before = find(clean["key"]) if clean else None
        if clean is None or before is None or clean["size"] is None:
            continue
        fit = Fit(clean["size"], clean["fit"])
        for outcome in _of_each_kind(of_model):
            after = find(outcome["key"])
            if after is None or outcome["noise"] not in noises:
                continue
            turned = (
                (before.predictions == image_set.labels) & (after.predictions != image_set.labels) & (after.predictions >= 0)
            )
            places = _surest(np.flatnonzero(turned), before, image_set)
            if not len(places):
                continue
            images = fit_images(image_set.take(places), fit)
            try:
                noisy = apply(noises[outcome["noise"]], images, image_set.index[places], seed)
            except RobustnessError:  # a transform of the user's own, which has said in its limits what is wrong
                continue
            pictures = [
                {
                    "index": int(image_set.index[place]),
                    "before": image_set.class_names[image_set.labels[place]],
                    "after": image_set.class_names[after.predictions[place]],
                    "clean": data_uri(images[number]),
                    "noisy": data_uri(noisy[number]),
                }
                for number, place in enumerate(places)
            ]
            drawn.append(
                {"model": outcome["model"], "noise": outcome["noise"], "turned": int(turned.sum()), "pictures": pictures}
            )
    return drawn


def _surest(places: npt.NDArray[np.int64], before: Result, image_set: ImageSet) -> npt.NDArray[np.int64]:
    ordered = places[np.argsort(-before.margins[places], kind="stable")]
    _, first = np.unique(image_set.labels[ordered], return_index=True)  # of each class
    return ordered[np.sort(first)][:TURNED]


def by_model(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Accuracies on all images, under the file's seed."""
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome["is_plain"]:
            found.setdefault(outcome["model"], []).append(outcome)
    return found


def _of_each_kind(outcomes: Sequence[Outcome]) -> list[Outcome]:
    chosen = []
    for family in dict.fromkeys(outcome["family"] for outcome in outcomes if outcome["level"] is not None):
        levels = sorted(
            (outcome for outcome in outcomes if outcome["family"] == family),
            key=lambda outcome: abs(outcome["level"] - (outcome["identity"] or 0)),
        )
        chosen.append(next((outcome for outcome in levels if outcome["stops"]), levels[-1]))
    return chosen
