"""A hunt: which noise, alone or mixed, changes more predictions than it may although its magnitude is declared safe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import hypothesis
import numpy as np
import numpy.typing as npt
import torch
from hypothesis import Phase, Verbosity
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from hypothesis.errors import NoSuchExample

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.batch import Places, check_classes, noisy_batch, predict_at_levels
from robustness.evaluation.order import evaluation_order
from robustness.files.folders import cache_folder
from robustness.models.classifier import Classifier
from robustness.noise import Clean, Gaussian, Noise
from robustness.search.critical import COARSE, LEVELS
from robustness.search.first_change import first_changes
from robustness.search.perturbation import Perturbation
from robustness.search.strategies import perturbations

NOTHING = Perturbation((Gaussian(0.0),), 0)


class _Kept(ExampleDatabase):
    """The examples that earlier hunts found, in the cache folder; made when the first is kept."""

    def save(self, key: bytes, value: bytes) -> None:
        self._files().save(key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return self._files().fetch(key)

    def delete(self, key: bytes, value: bytes) -> None:
        self._files().delete(key, value)

    def _files(self) -> ExampleDatabase:
        return DirectoryBasedExampleDatabase(cache_folder() / "hypothesis")


_ALWAYS = hypothesis.settings(
    database=None,
    deadline=None,
    phases=(Phase.reuse, Phase.generate, Phase.target, Phase.shrink),  # to explain takes as many forward passes again
    verbosity=Verbosity.quiet,
    print_blob=False,
    backend="hypothesis",
)
PROFILES = {
    "dev": hypothesis.settings(_ALWAYS, max_examples=30, derandomize=True),
    "ci": hypothesis.settings(_ALWAYS, max_examples=100, derandomize=True),
    "nightly": hypothesis.settings(_ALWAYS, max_examples=2000, derandomize=False, database=_Kept()),
}
"""How hard a hunt tries. `dev` and `ci` try the same every time; `nightly` tries something new, after what it found before."""


class Batch:
    """The images of a hunt: of the first ones in the order of evaluation, those that the network names right without noise.

    count: how many are looked at. images: how many there were. right: int64 of shape (N,), the places in the set of those named
    right; none at all is a `RobustnessError`.
    """

    def __init__(self, classifier: Classifier, image_set: ImageSet, count: int) -> None:
        check_classes(classifier, image_set)
        self.classifier, self.image_set = classifier, image_set
        first = evaluation_order(image_set.index)[:count]
        named = self.named(first, NOTHING, np.zeros_like(first))
        self.images = len(first)
        self.right: Places = first[named == image_set.labels[first]]
        if not len(self.right):
            raise RobustnessError(
                f"{classifier.name} names none of {len(first)} images of {image_set.name} right without noise: nothing can flip"
            )
        self._flips: dict[Perturbation, npt.NDArray[np.bool_]] = {}

    def named(self, places: Places, perturbation: Perturbation, levels: Places) -> npt.NDArray[np.int16]:
        """Predicted classes of the images at those places, each with its level, 0..LEVELS, of the perturbation on it."""
        classes = np.empty(len(places), dtype=np.int16)

        def noisy(places: Places, level: int) -> torch.Tensor:
            return self._noisy(places, perturbation.at(level, LEVELS))

        for batch, named in predict_at_levels(self.classifier, self.image_set, places, levels, noisy):
            classes[batch] = named
        return classes

    def flips(self, perturbation: Perturbation) -> npt.NDArray[np.bool_]:
        """Which of the right images are named otherwise under the perturbation: bool of shape (N,). Computed once."""
        if perturbation not in self._flips:  # the same comes again and again while Hypothesis shrinks
            named = self.named(self.right, perturbation, np.full_like(self.right, LEVELS))
            self._flips[perturbation] = named != self.image_set.labels[self.right]
        return self._flips[perturbation]

    def rate(self, perturbation: Perturbation) -> Fraction:
        """The share of the right images that flip."""
        return Fraction(int(self.flips(perturbation).sum()), len(self.right))

    def pictures(self, place: int, perturbation: Perturbation) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """The image at that place without and with the perturbation, as the network sees it: uint8 of shape (size, size, 3)."""
        shown = [self._noisy(np.array([place]), noisy)[0] for noisy in (NOTHING, perturbation)]
        before, after = (image.permute(1, 2, 0).cpu().numpy() for image in shown)
        return before, after

    def _noisy(self, places: Places, perturbation: Perturbation) -> torch.Tensor:
        clean = noisy_batch(self.classifier, self.image_set, places, Clean(), 0)
        return perturbation.apply(clean, self.image_set.index[places])


@dataclass(frozen=True, eq=False)
class Found:
    """What a hunt brings home.

    perturbation: changes more predictions than it may. flipped: int64 of shape (K,), the places in the set of the images that
    it changes, all of them right without noise. place: of the image among them that flips first. smallest: the least of the
    perturbation that changes this image. after: the class it is named then.
    """

    perturbation: Perturbation
    flipped: Places
    place: int
    smallest: Perturbation
    after: int


class _StoppedError(BaseException):
    """Carries an error past Hypothesis, which takes any `Exception` for what is searched, and shrinks it for minutes."""

    def __init__(self, error: RobustnessError) -> None:
        super().__init__(error)
        self.error = error


def hunt(batch: Batch, safe: Sequence[Noise], budget: Decimal, settings: hypothesis.settings, key: str) -> Found | None:
    """Search for a perturbation within `safe` that changes more than the share `budget` of the right predictions.

    safe: see `perturbations`. settings: of `PROFILES`, or made from one of them; with a database, what was found under `key`
    and the same `safe` is tried first. At most `max_examples` perturbations are tried to find one, and as many to make it
    simpler. None where all of them keep the budget; what the network raises is raised.
    """
    tried: set[Perturbation] = set()

    def is_broken(perturbation: Perturbation) -> bool:
        if len(tried) >= 2 * settings.max_examples and perturbation not in tried:
            return False
        tried.add(perturbation)
        try:
            rate = batch.rate(perturbation)
        except RobustnessError as error:
            raise _StoppedError(error) from None
        hypothesis.target(float(rate))
        return rate > Fraction(budget)

    name = json.dumps(["hunt 1", key, [str(noise) for noise in safe]])
    try:
        broken = hypothesis.find(
            perturbations(safe), is_broken, settings=settings, database_key=hashlib.sha256(name.encode()).digest()
        )
    except NoSuchExample:
        return None
    except _StoppedError as stopped:
        raise stopped.error from stopped.error.__cause__
    return minimise(batch, broken, budget)


def minimise(batch: Batch, broken: Perturbation, budget: Decimal) -> Found:
    """The least of a perturbation that breaks the budget which still does, and the image that it takes least of it to flip.

    Least of `LEVELS` levels, as `first_changes` finds it.
    """

    def is_broken(_: Places, levels: Places) -> npt.NDArray[np.bool_]:
        return np.array([batch.rate(broken.at(int(level), LEVELS)) > Fraction(budget) for level in levels])

    level = int(first_changes(is_broken, 1, LEVELS, COARSE)[0])
    flipped = batch.right[batch.flips(broken.at(level, LEVELS))]

    def flips(numbers: Places, levels: Places) -> npt.NDArray[np.bool_]:
        places = flipped[numbers]
        changed: npt.NDArray[np.bool_] = batch.named(places, broken, levels) != batch.image_set.labels[places]
        return changed

    below = first_changes(flips, len(flipped), level - 1, COARSE)  # at the level itself all of them flip
    levels = np.where(below > 0, below, level)
    first = int(np.argmin(levels))
    named = batch.named(flipped[[first]], broken, levels[[first]])
    return Found(
        perturbation=broken.at(level, LEVELS),
        flipped=flipped,
        place=int(flipped[first]),
        smallest=broken.at(int(levels[first]), LEVELS),
        after=int(named[0]),
    )
