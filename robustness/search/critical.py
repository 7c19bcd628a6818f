"""The critical magnitude of every image: how much of a noise it takes to change what the network says."""

from __future__ import annotations

import hashlib
import json
import math
import time
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.batch import BATCH, Places, check_classes, noisy_batch, predict_at_levels
from robustness.evaluation.case import Case
from robustness.evaluation.evaluate import make_case
from robustness.evaluation.forward import backing_off
from robustness.evaluation.jobs import Job
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Noise
from robustness.search.curve import FlipCurve
from robustness.search.first_change import first_changes

LEVELS = 200
"""A critical magnitude is known to this part of the range searched."""
COARSE = 25
"""Levels between two that every image is tried at: 1 + 200 / 25 + ceil(log2(25)) = 14 forward passes at most."""
CLOSE = 5
"""For a verdict: 1 + 200 / 5 + ceil(log2(5)) = 44 forward passes at most, which miss next to no flip that `FINE` sees."""
FINE = 1
"""Every level is tried, and no change is missed between them."""


@dataclass(frozen=True, eq=False)
class Flips:
    """Where the predictions of an image set first change under a noise that grows.

    clean: int16 of shape (N,), the class predicted without noise.
    critical: float64 of shape (N,), the smallest magnitude found at which another class is predicted; infinite where none is
    up to the highest.
    after: int16 of shape (N,), the class predicted there, -1 where none is.
    tries: int16 of shape (N,), how often the image went through the network.
    """

    clean: npt.NDArray[np.int16]
    critical: npt.NDArray[np.float64]
    after: npt.NDArray[np.int16]
    tries: npt.NDArray[np.int16]


@dataclass(frozen=True)
class SearchCase:
    """A search as a value. case: with the noise at its highest magnitude. stride: levels between two that all are tried at."""

    case: Case
    stride: int

    @property
    def key(self) -> str:
        return hashlib.sha256(json.dumps(["flips 1", self.case.key, LEVELS, self.stride]).encode()).hexdigest()

    @property
    def run(self) -> str | None:
        return self.case.run

    @property
    def fingerprint(self) -> str | None:
        return self.case.fingerprint


@dataclass(frozen=True, eq=False)
class Search:
    """A search with its result.

    labels: int64 of shape (N,). seconds: spent here, next to nothing when `stored` already.
    """

    of: SearchCase
    flips: Flips
    labels: npt.NDArray[np.int64]
    seconds: float
    stored: bool

    @property
    def passes(self) -> float:
        """Forward passes over the whole set that the search took."""
        return float(self.flips.tries.sum()) / len(self.labels)

    @cached_property
    def magnitudes(self) -> npt.NDArray[np.float64]:
        """Of the levels 0..LEVELS: float64 of shape (LEVELS + 1,)."""
        return np.array([noise.level for noise in self.of.case.noise.ladder(LEVELS)])

    @cached_property
    def levels(self) -> npt.NDArray[np.int64]:
        """The level of each image's critical magnitude, int64 of shape (N,); LEVELS + 1 where there is none."""
        start = self.magnitudes[0]
        levels: npt.NDArray[np.int64] = np.searchsorted(np.abs(self.magnitudes - start), np.abs(self.flips.critical - start))
        return levels

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Which images are named right without noise: bool of shape (N,)."""
        named: npt.NDArray[np.bool_] = self.flips.clean == self.labels
        return named

    @property
    def mended(self) -> npt.NDArray[np.bool_]:
        """Which images are named wrong without noise, and right where they first change: bool of shape (N,)."""
        mended: npt.NDArray[np.bool_] = ~self.right & (self.flips.after == self.labels)
        return mended

    def right_at(self, level: int) -> npt.NDArray[np.bool_]:
        """Which images are named right at a level, if each changes only once: bool of shape (N,)."""
        return np.where(self.levels <= level, self.mended, self.right)

    def rights(self) -> npt.NDArray[np.int64]:
        """How many images are named right at each level, if each changes only once: int64 of shape (LEVELS + 1,)."""
        lost = np.bincount(self.levels[self.right], minlength=LEVELS + 2)
        gained = np.bincount(self.levels[self.mended], minlength=LEVELS + 2)
        rights: npt.NDArray[np.int64] = int(self.right.sum()) + np.cumsum(gained - lost)[: LEVELS + 1]
        return rights

    @cached_property
    def flipped(self) -> npt.NDArray[np.float64]:
        """Of the right predictions the share that has flipped, at each of the levels 0..LEVELS."""
        levels = self.levels[self.right]
        shares: npt.NDArray[np.float64] = np.cumsum(np.bincount(levels, minlength=LEVELS + 2))[: LEVELS + 1] / max(
            1, len(levels)
        )
        return shares

    @property
    def curve(self) -> FlipCurve:
        """The distribution of critical magnitudes."""
        noise = self.of.case.noise
        return FlipCurve(
            noise=str(noise),
            family=noise.family,
            magnitude=noise.magnitude,
            magnitudes=tuple(float(magnitude) for magnitude in self.magnitudes),
            right=int(self.right.sum()),
            total=len(self.labels),
            flipped=tuple(round(float(share), 6) for share in self.flipped),
        )

    @property
    def resolution(self) -> str:
        """What was looked at, in words; nothing is claimed of what was not."""
        noise = self.of.case.noise
        step = abs(self.magnitudes[-1] - self.magnitudes[0]) / LEVELS
        where = f"{LEVELS} magnitudes up to {noise.magnitude} {noise.level:g}, {step:.3g} apart"
        if self.of.stride == FINE:
            return f"every one of {where}"
        return (
            f"{where}: each image at every {self.of.stride}th until it changes, then by halving; "
            "a flip that is undone between two of those is not seen"
        )


def search_flips(
    classifier: Classifier, image_set: ImageSet, highest: Noise, seed: int, store: Store, run: str, stride: int = COARSE
) -> Search:
    """Search every image's critical magnitude from no noise up to `highest`, or find the result in the store.

    The field of noise of an image (its seed and index) stays the same; only its magnitude grows. run: see `measure`.
    stride: `COARSE`, `CLOSE`, or `FINE` to try every level, which takes up to 201 forward passes; an image whose bytes are
    those of the level below is not tried again.
    """
    job = search_job(classifier, image_set, highest, seed, run, stride)
    check_classes(classifier, image_set)
    started = time.perf_counter()

    def look_up() -> tuple[SearchCase, Flips, bool]:
        case = job.case()
        return case, *store.get_or_extend(case, Flips, lambda known: known or job.compute(classifier, image_set))

    case, flips, stored = backing_off(look_up)
    return Search(case, flips, image_set.labels, time.perf_counter() - started, stored)


def search_job(
    classifier: Classifier, image_set: ImageSet, highest: Noise, seed: int, run: str, stride: int = COARSE
) -> Job[Flips, SearchCase]:
    """A search as work that can be done in parts: what becomes of an image has nothing to do with the others."""
    if highest.level is None or highest.identity is None or not highest.bit_identical or highest.level == highest.identity:
        raise RobustnessError(
            f"{highest}: a search wants a built-in noise at the highest magnitude to look at, for example gaussian(sigma=50)"
        )

    def case() -> SearchCase:
        return SearchCase(make_case(classifier, image_set, highest, seed, run), stride)

    return Job(
        classifier, image_set, case, Flips, partial(_find, highest=highest, seed=seed, stride=stride), most_passes(stride)
    )


def most_passes(stride: int) -> int:
    """Forward passes over the set that a search takes at most."""
    return 1 + math.ceil(LEVELS / stride) + math.ceil(math.log2(stride))


def _find(classifier: Classifier, image_set: ImageSet, highest: Noise, seed: int, stride: int) -> Flips:
    return _Searching(classifier, image_set, highest, seed, stride).flips()


class _Searching:
    """One search under way: images share batches, whatever level each of them is tried at."""

    def __init__(self, classifier: Classifier, image_set: ImageSet, highest: Noise, seed: int, stride: int) -> None:
        self.classifier, self.image_set, self.seed, self.stride = classifier, image_set, seed, stride
        self.ladder = highest.ladder(LEVELS)
        count = len(image_set)
        self.clean = np.empty(count, dtype=np.int16)
        self.after = np.full(count, -1, dtype=np.int16)
        self.tries = np.zeros(count, dtype=np.int16)
        most = most_passes(stride)
        text = f"{classifier.name} flips up to {highest}"
        self.bar = tqdm(total=most * count, desc=text, unit="image", leave=False, delay=0.5, disable=None)

    def flips(self) -> Flips:
        with self.bar:
            everywhere = np.arange(len(self.image_set))
            self.clean[:] = self._predictions(everywhere, np.zeros_like(everywhere))
            levels = first_changes(self._changed, len(self.image_set), LEVELS, self.stride)
        magnitudes = np.array([math.inf, *(noise.level or 0.0 for noise in self.ladder[1:])])
        return Flips(self.clean, magnitudes[levels], self.after, self.tries)

    def _changed(self, places: Places, levels: Places) -> npt.NDArray[np.bool_]:
        asked = self._moved(places, int(levels[0])) if self.stride == FINE else np.ones(len(places), dtype=bool)
        places, levels = places[asked], levels[asked]
        predictions = self._predictions(places, levels)
        changed: npt.NDArray[np.bool_] = predictions != self.clean[places]
        self.after[places[changed]] = predictions[changed]  # the last is the lowest: levels only fall once one is found
        asked[asked] = changed
        return asked

    def _moved(self, places: Places, level: int) -> npt.NDArray[np.bool_]:
        """Which images have other bytes at the level than at the one below, where they had not changed: bool of shape (N,).

        Many noises move in steps: whole grey levels, one more pixel hit, one row less. The same bytes are named the same.
        """
        parts = np.split(places, range(BATCH, len(places), BATCH))
        moved = [(self._noisy(part, level) != self._noisy(part, level - 1)).flatten(1).any(dim=1).cpu() for part in parts]
        return torch.cat(moved).numpy()

    def _predictions(self, places: Places, levels: Places) -> npt.NDArray[np.int16]:
        """Of the images at those places, each under the noise of its level."""
        predictions = np.empty(len(places), dtype=np.int16)
        for batch, named in predict_at_levels(self.classifier, self.image_set, places, levels, self._noisy):
            predictions[batch] = named
            self.tries[places[batch]] += 1
            self.bar.update(len(batch))
        return predictions

    def _noisy(self, places: Places, level: int) -> torch.Tensor:
        return noisy_batch(self.classifier, self.image_set, places, self.ladder[level], self.seed)
