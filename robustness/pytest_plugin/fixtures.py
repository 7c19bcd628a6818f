"""The fixtures of the pytest door: the data, the declared models, and what measures them."""

from __future__ import annotations

import os
import shlex
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from robustness.errors import RobustnessError
from robustness.process import torch_threads
from robustness.pytest_plugin.run import FINDINGS, FOUND, PROPERTY, RUN, declared_thresholds
from robustness.pytest_plugin.time_limit import within

if TYPE_CHECKING:
    from torch import nn

    from robustness.claims.examine import Examined
    from robustness.data import ImageSet
    from robustness.evaluation.evaluate import Enough, Measurement
    from robustness.gate.check import Outcome
    from robustness.gate.declared_claims import DeclaredClaim
    from robustness.gate.generator_limits import GeneratorDeclaration, GeneratorLimit
    from robustness.gate.hunting import Hunted
    from robustness.gate.hunts import Hunt
    from robustness.gate.judging import GeneratorJudged
    from robustness.gate.limit import Limit
    from robustness.gate.thresholds import Thresholds
    from robustness.models.classifier import Classifier
    from robustness.models.declaration import ModelDeclaration
    from robustness.noise import Noise
    from robustness.search.critical import Search


IMAGES = pytest.StashKey["ImageSet"]()
LOADED = pytest.StashKey["dict[str, tuple[object, Classifier]]"]()
"""Of each declared model: what its fixture returned, None without one, and the classifier made of it."""
CHECKED = pytest.StashKey[set[str]]()
"""The declared models that passed their sentinels in this process."""
MARKS = pytest.StashKey["dict[str, dict[str, Any]]"]()
"""The marks of the declared generators that were judged in this process, by name."""


@pytest.fixture(scope="session")
def robustness_thresholds(request: pytest.FixtureRequest) -> Thresholds:
    """The limits, models and data of this run's thresholds file."""
    with _plain_errors():
        return declared_thresholds(request.config)


@pytest.fixture(scope="session")
def test_set(request: pytest.FixtureRequest, robustness_thresholds: Thresholds) -> ImageSet:
    """The images that the thresholds file names as `[run] data`."""
    with _plain_errors():
        return _declared_images(request.config)


@pytest.fixture(scope="session")
def robustness_threads() -> Iterator[int]:
    """Torch's threads, shared out among xdist's workers before the first forward pass."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    threads = max(1, (os.cpu_count() or 1) // workers)
    with torch_threads(threads):
        yield threads


@pytest.fixture
def robustness_gate(
    request: pytest.FixtureRequest,
    robustness_thresholds: Thresholds,
    robustness_threads: int,
) -> Gate:
    """Measures for this test, each case once over all workers and runs."""
    return Gate(request)


@pytest.fixture
def accuracy(robustness_gate: Gate) -> Callable[..., float]:
    """`accuracy(model, images, noise=Clean())`: the share named right, for rules of your own."""
    return robustness_gate.accuracy


def model_fixtures(thresholds: Thresholds) -> ModuleType:
    """A plugin with a session fixture for every declared model; a project's own fixture of that name comes before it."""
    plugin = ModuleType("robustness_models")
    for declaration in thresholds.models.values():
        setattr(plugin, declaration.fixture, _model_fixture(declaration))
    return plugin


def _model_fixture(declaration: ModelDeclaration) -> Any:
    @pytest.fixture(scope="session", name=declaration.fixture)
    def model(robustness_thresholds: Thresholds, robustness_threads: int) -> Classifier:
        from robustness.models.load import load_classifier

        with _plain_errors():
            return load_classifier(declaration, robustness_thresholds.base)

    return model


class Gate:
    """What a test of the gate measures with; every measurement is recorded in the test's report."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.request = request
        self.thresholds = declared_thresholds(request.config)

    def check(self, limit: Limit) -> Outcome:
        """Measure a limit's cases and judge it: the declared images and model, whatever other tests made of theirs."""
        from robustness.gate.check import check
        from robustness.gate.findings import cases, check_comparable
        from robustness.gate.judge import stopping_rule

        with _plain_errors(), within(self.thresholds.time_limit):
            images = _declared_images(self.request.config)
            rule = stopping_rule(self.thresholds.claim, limit, images)
            enough = None if rule is None else lambda right, seen: rule.decide(right, seen) is not None
            self._check_models([limit.model, *filter(None, [limit.reference])], images)
            classifier = self._declared_classifier(limit.model)
            if limit.asks == "max_differences":
                check_comparable(limit, classifier, self._declared_classifier(str(limit.reference)))
            measured = [
                self._measure(self._declared_classifier(model), images, noise, limit.seed, enough)
                for model, noise in cases(limit, classifier.fit.size)
            ]

            def search(stride: int) -> Search:
                return self._search(classifier, images, limit.noise, limit.seed, stride)

            outcome = check(limit, measured, images, self.thresholds, self.request.node.nodeid, search)
        self._record("limit", outcome.as_dict())
        return outcome

    def hunt(self, hunt: Hunt) -> Hunted:
        """Run a hunt on the declared images and model; findings are kept beside the thresholds file."""
        from robustness.evaluation.store import Store
        from robustness.gate.hunting import read_former, run_hunt

        config = self.request.config
        files, problem = config.stash[FOUND]
        with _plain_errors(), within(self.thresholds.time_limit):
            if problem:
                raise RobustnessError(problem)
            former = read_former(map(Path, files), self.thresholds.hunts)
            images = _declared_images(config)
            self._check_models([hunt.model], images)
            hunted = run_hunt(
                hunt,
                self._declared_classifier(hunt.model),
                images,
                profile=config.getoption("--robustness-profile"),
                former=former,
                folder=self.thresholds.base / FINDINGS,
                replay_with=self._replay_command(hunt),
                store=Store(),
                run=config.stash[RUN],
            )
        self._record("hunt", hunted.as_dict())
        return hunted

    def _replay_command(self, hunt: Hunt) -> str:
        if self.thresholds.models[hunt.model].load == "fixture":  # which lives in pytest alone
            return f"pytest {shlex.quote(self.request.node.nodeid)}"
        return f"robustness flips replay {{file}} --thresholds {shlex.quote(os.path.relpath(self.thresholds.file))}"

    def examine(self, claim: DeclaredClaim) -> Examined:
        """Test a claim on the declared images and models."""
        from robustness.claims.examine import examine
        from robustness.evaluation.store import Store

        with _plain_errors(), within(self.thresholds.time_limit):
            images, about = _declared_images(self.request.config), self.thresholds.claim
            self._check_models(claim.named, images)
            models = {name: self._declared_classifier(name) for name in claim.named}

            def right(classifier: Classifier, noise: Noise) -> Any:
                return self._measure(classifier, images, noise).result.predictions == images.labels

            def search(classifier: Classifier, highest: Noise) -> Search:
                return self._search(classifier, images, highest)

            examined = examine(claim, models, images, about, self.thresholds.seed, right, search, Store())
        self._record("claim", examined.as_dict())
        return examined

    def judge(self, limit: GeneratorLimit) -> GeneratorJudged:
        """Hold a generator's mark against its limit; the declared images and judge make the marks, once for all its limits."""
        from robustness.gate.judging import judge_limit

        with _plain_errors(), within(self.thresholds.time_limit):
            declaration, images = self.thresholds.generators[limit.generator], _declared_images(self.request.config)
            self._check_models([declaration.judge], images)
            marks = self.request.config.stash.setdefault(MARKS, {})
            if limit.generator not in marks:
                marks[limit.generator] = self._marks(declaration, images)
            judged = judge_limit(limit, marks[limit.generator])
        self._record("generator_limit", judged.as_dict())
        return judged

    def _marks(self, declaration: GeneratorDeclaration, images: ImageSet) -> dict[str, Any]:
        from robustness.data import load_image_set
        from robustness.evaluation.store import Store
        from robustness.gan.checkpoint import generator_file, load_generator
        from robustness.gan.marks import marks_of

        thresholds, base = self.thresholds, self.thresholds.base
        try:
            generator = load_generator(generator_file(declaration.load, base))
        except RobustnessError as error:
            raise RobustnessError(f"generator {declaration.name}: {error}") from error
        training = load_image_set(declaration.training or thresholds.data, "train", base=base)
        judge = self._declared_classifier(declaration.judge)
        return marks_of(generator, judge, images, training, thresholds.seed, Store(), self.request.config.stash[RUN])

    def accuracy(self, model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None) -> float:
        """The share of images that the model names right under the noise, clean by default."""
        from robustness.noise import Clean

        with _plain_errors():
            measurement = self._measure(self._classifier(model), images, noise or Clean(), afresh=True)
        case, right, total = measurement.case, measurement.right, measurement.total
        self._record("measurement", {"case": str(case), "key": case.key, "right": right, "total": total})
        return measurement.accuracy

    def _measure(
        self,
        classifier: Classifier,
        images: ImageSet,
        noise: Noise,
        seed: int | None = None,
        enough: Enough | None = None,
        afresh: bool = False,
    ) -> Measurement:
        """afresh: two codes that no hash tells apart may come by the same name, so their results are not shared."""
        from robustness.evaluation.evaluate import measure
        from robustness.evaluation.store import Store

        run = f"{self.request.config.stash[RUN]} {uuid.uuid4().hex}" if afresh else self.request.config.stash[RUN]
        store = Store()
        try:
            return measure(classifier, images, noise, self.thresholds.seed if seed is None else seed, store, run, enough)
        finally:
            if afresh:
                store.end_run(run)

    def _search(
        self, classifier: Classifier, images: ImageSet, highest: Noise, seed: int | None = None, stride: int | None = None
    ) -> Search:
        from robustness.evaluation.store import Store
        from robustness.search.critical import COARSE, search_flips

        seed = self.thresholds.seed if seed is None else seed
        return search_flips(classifier, images, highest, seed, Store(), self.request.config.stash[RUN], stride or COARSE)

    def _check_models(self, models: Iterable[str], images: ImageSet) -> None:
        """The sentinels of models, once a process; a model that fails one fails everything asked of it. Records the hash."""
        from robustness.evaluation.evaluate import model_identity
        from robustness.evaluation.store import Store
        from robustness.gate.sentinels import check_model

        config, passed = self.request.config, self.request.config.stash.setdefault(CHECKED, set())
        for name in dict.fromkeys(models):
            if name not in passed:
                noises = [noise for limit in self.thresholds.limits for noise in (limit.noise, *limit.levels)]
                noises += [noise for hunt in self.thresholds.hunts for noise in hunt.safe]
                check_model(self._declared_classifier(name), images, noises, self.thresholds.seed, Store(), config.stash[RUN])
                passed.add(name)
                self._record("model", {"model": name, "hash": model_identity(self._declared_classifier(name))})

    def _declared_classifier(self, name: str) -> Classifier:
        from robustness.models.load import load_classifier, wrap_module

        declaration, base = self.thresholds.models[name], self.thresholds.base
        from_fixture = declaration.load == "fixture"
        own = self.request.getfixturevalue(declaration.fixture) if from_fixture else None
        loaded = self.request.config.stash.setdefault(LOADED, {})
        if name not in loaded or loaded[name][0] is not own:  # a fixture of narrow scope returns another one in each test
            loaded[name] = own, (wrap_module(own, declaration, base) if from_fixture else load_classifier(declaration, base))
        return loaded[name][1]

    def _classifier(self, model: object) -> Classifier:
        """A classifier as it is; a fixture's own module as its declaration describes it."""
        from robustness.models.classifier import Classifier

        if isinstance(model, Classifier):
            return model
        own = [declaration for declaration in self.thresholds.models.values() if declaration.load == "fixture"]
        matching = [declaration for declaration in own if self.request.getfixturevalue(declaration.fixture) is model]
        if len(matching) > 1:
            names = ", ".join(declaration.name for declaration in matching)
            raise RobustnessError(f"{names} are one and the same module: return a copy from each fixture")
        if matching:
            return self._declared_classifier(matching[0].name)
        raise RobustnessError(
            f"a {type(model).__name__} that no declared model's fixture returned: declare it in "
            f'{self.thresholds.file.name} with load = "fixture", or return a robustness.Classifier'
        )

    def _record(self, kind: str, values: dict[str, Any]) -> None:
        from robustness.report.records import to_property

        self.request.node.user_properties.append((PROPERTY, to_property(kind, values)))


def _declared_images(config: pytest.Config) -> ImageSet:
    """The images of the thresholds file, read once; no fixture of a project's own comes between."""
    from robustness.data import load_image_set

    if IMAGES not in config.stash:
        thresholds = declared_thresholds(config)
        config.stash[IMAGES] = load_image_set(thresholds.data, base=thresholds.base)
    return config.stash[IMAGES]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the user can mend is told without a traceback."""
    try:
        yield
    except RobustnessError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
