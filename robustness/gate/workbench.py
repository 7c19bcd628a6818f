"""The workbench: the images, the classifiers by name, and what measures them. A gate's tests and the commands share it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from torch import nn

from robustness.data import ImageSet, load_image_set
from robustness.errors import RobustnessError, some
from robustness.evaluation.evaluate import Enough, Measurement, measure
from robustness.evaluation.forward import backing_off
from robustness.evaluation.identity import identify
from robustness.evaluation.predictions import Predictions, probabilities_of
from robustness.evaluation.result import Result, Scores
from robustness.evaluation.store import Store
from robustness.gate.noise_sentinels import faint
from robustness.gate.notes import ImagesUsed, ModelUsed, NoiseWarning, Note, RuleMeasured
from robustness.gate.promise import Promise, Record
from robustness.gate.sentinels import check_answers, check_model
from robustness.gate.thresholds import Thresholds
from robustness.gate.time_limit import within
from robustness.models.class_map import OUTSIDE
from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.models.fingerprint import foreign_code
from robustness.models.load import load_classifier, wrap_module
from robustness.noise import Clean, Noise
from robustness.search.critical import COARSE, Search, search_flips

T = TypeVar("T")


def no_fixture(declaration: ModelDeclaration) -> object:
    return load_classifier(declaration)  # says that only tests can measure it


def with_outside(images: ImageSet, thresholds: Thresholds) -> ImageSet:
    """The images, with a class for predictions of any other where a model may give one."""
    if OUTSIDE in images.class_names and any(model.classes is not None for model in thresholds.models.values()):
        raise RobustnessError(
            f"{images.name}: a class is called {OUTSIDE!r}, which stands for predictions of others: rename it"
        )
    if all(model.outside != "wrong" for model in thresholds.models.values()):
        return images
    return replace(images, class_names=(*images.class_names, OUTSIDE))


@dataclass(frozen=True)
class _Refused:
    """In place of what could not be made."""

    error: RobustnessError


@dataclass(frozen=True, eq=False)
class Workbench:
    """What a promise is measured with. What is bound to its run ends with it: use it in a `with` statement.

    Images and classifiers are loaded once, and kept over `replace`.
    """

    thresholds: Thresholds
    store: Store = field(default_factory=Store)
    run: str = field(default_factory=lambda: uuid.uuid4().hex)  # names this run, in all of its processes
    root: Path | None = None  # where image sets live
    profile: str = "dev"  # how hard hunts try
    started: Mapping[str, Any] = field(default_factory=dict)  # by kind: what was looked at before the run's first test
    fixture: Callable[[ModelDeclaration], object] = no_fixture  # gives a model that lives in a pytest fixture
    test: str = ""  # the id of the test at work
    note: Callable[[Note], None] = lambda note: None  # takes what else there is to report of the run
    kept: dict[object, Any] = field(default_factory=dict)

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.store.end_run(self.run)

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once a process; where it cannot be made, the same `RobustnessError` each time."""
        if key not in self.kept:
            try:
                self.kept[key] = make()
            except RobustnessError as error:  # to be tried again is no way to come to a PASS
                self.kept[key] = _Refused(error)
        found: T | _Refused = self.kept[key]
        if isinstance(found, _Refused):
            raise found.error
        return found

    @property
    def images(self) -> ImageSet:
        """The images of `[run] data`."""
        data, base = self.thresholds.data, self.thresholds.base
        return self.once(
            "images", lambda: with_outside(load_image_set(data, root=self.root, base=base, run=self.run), self.thresholds)
        )

    def load(self, name: str) -> Classifier:
        """A declared model, as it is."""
        declaration, base = self.thresholds.models[name], self.thresholds.base
        if declaration.load != "fixture":
            return self.once(("model", name), lambda: load_classifier(declaration, base))
        return self._of_fixture(self.fixture(declaration), declaration)

    def _of_fixture(self, given: object, declaration: ModelDeclaration) -> Classifier:
        """What a fixture returned, as it is declared; one of narrow scope returns another module in each test."""
        key, base = ("model", declaration.name, id(given)), self.thresholds.base
        return self.once(key, lambda: (given, wrap_module(given, declaration, base)))[1]

    def classifier(self, name: str) -> Classifier:
        """A declared model that passed its sentinels; one that fails them fails everything that is asked of it."""
        classifier = self.load(name)
        may_change = self.once(("sentinels", name), lambda: self._check(classifier, name))
        identity = identify(classifier)
        used = ModelUsed(
            model=name,
            hash=identity.hash,
            identity=identity.digest,
            preparation=classifier.fit,
            mean=tuple(classifier.mean),
            std=tuple(classifier.std),
        )
        self.note(used)
        if self.kept.get(("made", name, id(classifier.given)), identity.digest) != identity.digest:
            raise RobustnessError(f"{name} is not what its fixture made: something changed it; let who changes it take a copy")
        if may_change:
            check_answers(classifier, self.store, self.run)
        return classifier

    def made(self, name: str, given: object) -> None:
        """A fixture has made a model: what it is now, it has to be whenever it is measured."""
        with suppress(RobustnessError):  # said when something is asked of it
            classifier = self._of_fixture(given, self.thresholds.models[name])
            self.once(("made", name, id(classifier.given)), lambda: identify(classifier).digest)
            check_answers(classifier, self.store, self.run)

    def _check(self, classifier: Classifier, name: str) -> bool:
        """Whether the model is code that no hash speaks for, so that it may come to answer otherwise."""
        declaration, base = self.thresholds.models[name], self.thresholds.base
        if declaration.load.startswith("python:"):
            again = load_classifier(declaration, base)
            if identify(again).digest != identify(classifier).digest:
                raise RobustnessError(
                    f"{name}: {declaration.load} makes another network each time it is called: read weights from a file, and "
                    "seed what is random"
                )
        if classifier.architecture is not None and (foreign := foreign_code(classifier.module)):
            raise RobustnessError(
                f"{name}: this process computes it with other code than its file's: {some(foreign)}. Take the patch out, or "
                'declare the patched network as load = "python:..."'
            )
        noises = [noise for promise in self.thresholds.promises for noise in promise.noises]
        check_model(classifier, self.images, noises, self.thresholds.seed, self.store, self.run)
        return classifier.architecture is None

    def record(self, promise: Promise) -> Record:
        """What becomes of a promise, within the time that `[run]` allows; a `RobustnessError` where it cannot be measured."""
        with within(self.thresholds.time_limit):
            record: Record = self.thresholds.kind_of(promise).measure(promise, self)
            self._warn(promise)
        self.note(ImagesUsed(images=self.images.name, hash=self.images.content_hash))
        return record

    def _warn(self, promise: Promise) -> None:
        """Note each of a promise's noises that is next to none on the images as its models see them."""
        for name, noise in product(promise.about, dict.fromkeys(promise.noises)):
            classifier, seed = self.load(name), self.thresholds.seed
            look = partial(faint, classifier, self.images, noise, seed, self.store, self.run)
            if words := self.once(("faint", str(noise), str(classifier.fit)), look):
                self.note(NoiseWarning(noise=str(noise), place=promise.place, words=words))

    def measure(
        self, classifier: Classifier, noise: Noise, seed: int | None = None, enough: Enough | None = None
    ) -> Measurement:
        """The case of a classifier on the declared images. seed: of the noise, the file's by default. enough: see `measure`."""
        seed = self.thresholds.seed if seed is None else seed
        kind = self.kind_of_result(classifier.name, noise)
        return measure(classifier, self.images, noise, seed, self.store, self.run, enough, kind)

    def kind_of_result(self, model: str, noise: Noise) -> type[Result]:
        """`Scores` where a promise of the file is measured by them, for all promises alike: one pass is enough."""
        return Scores if (model, noise) in self.once("scored", self._scored) else Result

    def _scored(self) -> set[tuple[str, Noise]]:
        asking = [promise for promise in self.thresholds.promises if getattr(promise, "scored", False)]
        return {(model, noise) for promise in asking for model in promise.about for noise in promise.noises}

    def search(self, classifier: Classifier, highest: Noise, seed: int | None = None, stride: int = COARSE) -> Search:
        """Every image's critical magnitude up to `highest`, see `search_flips`."""
        seed = self.thresholds.seed if seed is None else seed
        return search_flips(classifier, self.images, highest, seed, self.store, self.run, stride)

    def accuracy(self, model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None) -> float:
        """The share of images that the model classifies correctly under the noise, clean by default; see `_afresh`."""
        return self._afresh(model, images, noise or Clean(), Result)[1].accuracy

    def predictions(
        self, model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None, probabilities: bool = False
    ) -> Predictions:
        """What the model says of each image under the noise, clean by default; see `_afresh`.

        probabilities: of all classes too, which takes another pass over the images.
        """
        classifier, measurement = self._afresh(model, images, noise or Clean(), Scores)
        assert isinstance(measurement.result, Scores)
        all_of_them = None
        if probabilities:
            all_of_them = backing_off(lambda: probabilities_of(classifier, images, noise or Clean(), self.thresholds.seed))
        return Predictions.of(measurement.result, images, all_of_them)

    def _afresh(
        self, model: Classifier | nn.Module, images: ImageSet, noise: Noise, kind: type[Result]
    ) -> tuple[Classifier, Measurement]:
        """A model of a rule's, measured.

        Afresh, and kept for nobody: whoever holds a network may have changed it in ways that no hash tells.
        """
        classifier, run = replace(self._wrapped(model), architecture=None), f"{self.run} {uuid.uuid4().hex}"
        try:
            measurement = measure(classifier, images, noise, self.thresholds.seed, self.store, run, kind=kind)
        finally:
            self.store.end_run(run)
        case = measurement.case
        self.note(RuleMeasured(case=str(case), key=case.key, right=measurement.right, total=measurement.total))
        return classifier, measurement

    def _wrapped(self, model: object) -> Classifier:
        """A classifier as it is; a fixture's own module as its declaration describes it."""
        if isinstance(model, Classifier):
            return model
        own = [declaration for declaration in self.thresholds.models.values() if declaration.load == "fixture"]
        matching = [declaration for declaration in own if self.fixture(declaration) is model]
        if len(matching) > 1:
            names = ", ".join(declaration.name for declaration in matching)
            raise RobustnessError(f"{names} are one and the same module: return a copy from each fixture")
        if matching:
            return self.load(matching[0].name)
        raise RobustnessError(
            f"a {type(model).__name__} that no declared model's fixture returned: declare it in "
            f'{self.thresholds.file.name} with load = "fixture", or return a robustness.Classifier'
        )

    def for_test(self, test: str, fixture: Callable[[ModelDeclaration], object], note: Callable[[Note], None]) -> Workbench:
        return replace(self, test=test, fixture=fixture, note=note)
