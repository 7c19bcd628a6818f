"""A case as work that can be done in parts: shards of whole batches, each a function of the case and its images alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from robustness.data import ImageSet
from robustness.evaluation.batch import BATCH, Places
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import evaluate, make_case
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.result import Result
from robustness.evaluation.store import Addressed, Store
from robustness.models.classifier import Classifier
from robustness.noise import Noise

R = TypeVar("R")
C = TypeVar("C", bound=Addressed)


@dataclass(frozen=True)
class Job(Generic[R, C]):
    """A case whose result is wanted.

    case: names it, with the batches that the classifier has now; smaller ones make another case. kind: the class of its
    result, a dataclass of arrays with an entry for each image. compute: the result of any part of the images. passes: how
    often that takes each of them through the network, at most.
    """

    classifier: Classifier
    image_set: ImageSet
    case: Callable[[], C]
    kind: type[R]
    compute: Callable[[Classifier, ImageSet], R]
    passes: float = 1


AnyJob = Job[Any, Any]


def evaluation_job(
    classifier: Classifier, image_set: ImageSet, noise: Noise, seed: int, run: str, kind: type[Result] = Result
) -> Job[Result, Case]:
    """The predictions of every image under a noise. run, kind: see `measure`."""
    case = partial(make_case, classifier, image_set, noise, seed, run, kind)
    return Job(classifier, image_set, case, kind, partial(evaluate, noise=noise, seed=seed, kind=kind))


def missing(jobs: Sequence[AnyJob], store: Store, run: str) -> list[AnyJob]:
    """The jobs whose result is not in the store, or not for every image; each case once."""
    by_key = {(case.key, case.fingerprint): job for job in jobs for case in [job.case()]}
    return [job for (key, by), job in by_key.items() if not is_complete(store.read(key, run, job.kind, by))]


def is_complete(result: Any) -> bool:
    """Whether there is a result, of every image."""
    return result is not None and getattr(result, "is_complete", True)


def shards_of(image_set: ImageSet, batches: int) -> list[Places]:
    """The places of all images, in parts of so many whole batches of the order of evaluation; the last may be shorter.

    A part of the order is the order of that part: so each batch holds the same images at the same places, however long the
    shards are, and its predictions are the same.
    """
    order = evaluation_order(image_set.index)
    return [order[start : start + batches * BATCH] for start in range(0, len(order), batches * BATCH)]


def joined(kind: type[Any], parts: Iterable[tuple[Places, Any]]) -> Any:
    """The results of shards as the result of all their images."""
    pieces = list(parts)
    places = np.concatenate([piece for piece, _ in pieces])
    arrays = {}
    for field in fields(kind):
        values = np.concatenate([getattr(result, field.name) for _, result in pieces])
        arrays[field.name] = np.empty_like(values)
        arrays[field.name][places] = values
    return kind(**arrays)
