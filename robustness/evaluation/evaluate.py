"""From a case to its predictions: images, then noise, then the network, batch by batch."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from robustness.data import ImageSet, Preparation
from robustness.evaluation.batch import BATCH, check_classes, evaluate_batch, noisy_batch
from robustness.evaluation.case import Case
from robustness.evaluation.forward import arithmetic, backing_off
from robustness.evaluation.identity import identify
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.result import Result, Scores
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Noise

Enough = Callable[[int, int], bool]
"""Whether `right` of the first `seen` images say all that is asked."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """A case with its result.

    looks: after each batch, how many of the images seen so far, in the order of evaluation, were named right, and how many
    were seen. total: images in the set. seconds: spent here, next to nothing when `stored` already. fit: how images came to the
    network.
    """

    case: Case
    result: Result
    looks: list[tuple[int, int]]
    total: int
    seconds: float
    stored: bool
    fit: Preparation | None = None

    @property
    def right(self) -> int:
        return self.looks[-1][0]

    @property
    def seen(self) -> int:
        return self.looks[-1][1]

    @property
    def accuracy(self) -> float:
        return self.right / self.seen


def measure(
    classifier: Classifier,
    image_set: ImageSet,
    noise: Noise,
    seed: int,
    store: Store,
    run: str,
    enough: Enough | None = None,
    kind: type[Result] = Result,
) -> Measurement:
    """Evaluate a case, as far as is needed, or find its result in the store.

    kind: of result that is wanted, `Result` or `Scores`.
    run: names this run; a model or noise whose code cannot be hashed is evaluated afresh in every run, and once in each.
    enough: asked after each batch; without it every image is evaluated.
    """
    check_classes(classifier, image_set)
    started = time.perf_counter()

    def extend(known: Result | None) -> Result:
        return evaluate(classifier, image_set, noise, seed, known, enough, kind)

    def look_up() -> tuple[Case, Result, bool]:
        case = make_case(classifier, image_set, noise, seed, run, kind)
        return case, *store.get_or_extend(case, kind, extend)

    case, result, stored = backing_off(look_up)
    looks = _looks(result.predictions, image_set)
    return Measurement(case, result, looks, len(image_set), time.perf_counter() - started, stored, classifier.fit)


def make_case(
    classifier: Classifier, image_set: ImageSet, noise: Noise, seed: int, run: str, kind: type[Result] = Result
) -> Case:
    """What the predictions depend on; `run` only where code has a part in it that cannot be hashed."""
    identity = identify(classifier)
    return Case(
        model=classifier.name,
        data=image_set.name,
        noise=noise,
        seed=seed,
        model_hash=identity.hash,
        data_hash=image_set.content_hash,
        arithmetic=arithmetic(classifier),
        run=None if identity.is_hashable and noise.bit_identical else run,
        model_key=identity.key if classifier.class_map is None else _with_names(identity.key, image_set),
        fingerprint=identity.fingerprint,
        scored=issubclass(kind, Scores),
    )


def _with_names(key: str, image_set: ImageSet) -> str:
    """The key of a model whose answers are mapped to the names of a set's classes."""
    return hashlib.sha256(json.dumps([key, image_set.class_names]).encode()).hexdigest()


def _looks(predictions: npt.NDArray[np.int16], image_set: ImageSet) -> list[tuple[int, int]]:
    order = evaluation_order(image_set.index)
    right = np.cumsum((predictions == image_set.labels)[order])
    evaluated = int((predictions >= 0).sum())
    return [(int(right[seen - 1]), seen) for seen in _ends(len(order)) if seen <= evaluated]


def _ends(total: int) -> list[int]:
    """How many images have been seen after each batch."""
    return [min(start + BATCH, total) for start in range(0, total, BATCH)]


def evaluate(
    classifier: Classifier,
    image_set: ImageSet,
    noise: Noise,
    seed: int,
    known: Result | None = None,
    enough: Enough | None = None,
    kind: type[Result] = Result,
) -> Result:
    """Predictions batch by batch, in a fixed random order, of every image or until `enough`.

    known: what was evaluated before; it is completed, never repeated, and returned itself where nothing is to be added. kind:
    of result, that of `known` too.
    """
    order = evaluation_order(image_set.index)
    found = kind.nothing_of(len(order)) if known is None else known.copy()
    predictions = found.predictions
    added, right = False, 0
    ends = _ends(len(order))
    for seen in tqdm(ends, f"{classifier.name} {noise}", unit="batch", leave=False, delay=0.5, disable=None):
        places = order[seen - 1 - (seen - 1) % BATCH : seen]
        if (predictions[places] < 0).any():
            batch = noisy_batch(classifier, image_set, places, noise, seed)
            part = evaluate_batch(kind, classifier, image_set, places, batch)
            for one in fields(kind):
                getattr(found, one.name)[places] = getattr(part, one.name)
            added = True
        right += int((predictions[places] == image_set.labels[places]).sum())
        if enough is not None and enough(right, seen):
            break
    return found if added or known is None else known
