"""The fixtures of the pytest door: the data, the declared models, and the workbench that measures them."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from robustness.errors import RobustnessError
from robustness.gate.notes import to_text
from robustness.process import torch_threads
from robustness.pytest_plugin.run import PROPERTY, RUN, STARTED, THRESHOLDS, declared_thresholds

if TYPE_CHECKING:
    from torch import nn

    from robustness.data import ImageSet
    from robustness.evaluation.predictions import Predictions
    from robustness.gate.notes import Note
    from robustness.gate.promise import Promise, Record
    from robustness.gate.thresholds import Thresholds
    from robustness.gate.workbench import Workbench
    from robustness.models.classifier import Classifier
    from robustness.models.declaration import ModelDeclaration
    from robustness.noise import Noise

BENCH = pytest.StashKey["Workbench"]()
"""Of this process, for all of its tests."""
AT_WORK = pytest.StashKey[pytest.Item]()
"""The test that runs."""


@pytest.fixture(scope="session")
def robustness_thresholds(request: pytest.FixtureRequest) -> Thresholds:
    """The limits, models and data of this run's thresholds file."""
    with _plain_errors():
        return declared_thresholds(request.config)


@pytest.fixture(scope="session")
def test_set(request: pytest.FixtureRequest, robustness_thresholds: Thresholds) -> ImageSet:
    """The images that the thresholds file names as `[run] data`."""
    with _plain_errors():
        return _bench(request.config).images


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


@pytest.fixture(scope="session")
def accuracy(
    request: pytest.FixtureRequest, robustness_thresholds: Thresholds, robustness_threads: int
) -> Callable[..., float]:
    """`accuracy(model, images, noise=Clean())`: the share correctly classified, for rules of your own."""

    def accuracy(model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None) -> float:
        return _gate_of_test(request.config, "accuracy").accuracy(model, images, noise)

    return accuracy


@pytest.fixture(scope="session")
def predictions(
    request: pytest.FixtureRequest, robustness_thresholds: Thresholds, robustness_threads: int
) -> Callable[..., Predictions]:
    """`predictions(model, images, noise=Clean(), probabilities=False)`: what the model says of each image, for rules of your
    own; see `robustness.evaluation.predictions.Predictions`.
    """

    def predictions(
        model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None, probabilities: bool = False
    ) -> Predictions:
        return _gate_of_test(request.config, "predictions").predictions(model, images, noise, probabilities)

    return predictions


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


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """A declared model as its fixture makes it, before any test has it."""
    given = yield
    thresholds = request.config.stash.get(THRESHOLDS, None)
    if thresholds is not None and not isinstance(thresholds, RobustnessError):
        for declaration in thresholds.models.values():
            if declaration.load == "fixture" and declaration.fixture == fixturedef.argname:
                _bench(request.config).made(declaration.name, given)
    return given


class Gate:
    """The workbench at the disposal of one test, whose report carries what it measures."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        def note(note: Note) -> None:
            request.node.user_properties.append((PROPERTY, to_text(note)))

        def fixture(declaration: ModelDeclaration) -> object:
            return request.getfixturevalue(declaration.fixture)

        self.note = note
        with _plain_errors():
            self.bench = _bench(request.config).for_test(request.node.nodeid, fixture, note)

    def measure(self, promise: Promise) -> Record:
        """What becomes of a promise: of the declared images and models, whatever other tests made of theirs."""
        with _plain_errors():
            record = self.bench.record(promise)
            self.note(record)
        return record

    def accuracy(self, model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None) -> float:
        """The share of images that the model classifies correctly under the noise, clean by default."""
        with _plain_errors():
            return self.bench.accuracy(model, images, noise)

    def predictions(
        self, model: Classifier | nn.Module, images: ImageSet, noise: Noise | None, probabilities: bool
    ) -> Predictions:
        """What the model says of each image under the noise, clean by default."""
        with _plain_errors():
            return self.bench.predictions(model, images, noise, probabilities)


def _gate_of_test(config: pytest.Config, name: str) -> Gate:
    """The gate of the test at work: what measures for rules is of the session, so that Hypothesis's tests may ask for it."""
    item = config.stash.get(AT_WORK, None)
    if item is None:
        raise pytest.fail.Exception(f"{name} measures for a test, and none is running", pytrace=False)
    return Gate(item._request)  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Which test is at work."""
    item.config.stash[AT_WORK] = item
    try:
        return (yield)
    finally:
        del item.config.stash[AT_WORK]


def _bench(config: pytest.Config) -> Workbench:
    from robustness.gate.workbench import Workbench

    if BENCH not in config.stash:
        config.stash[BENCH] = Workbench(
            declared_thresholds(config),
            run=config.stash[RUN],
            profile=config.getoption("--robustness-profile"),
            started=config.stash[STARTED],
        )
    return config.stash[BENCH]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the user can mend is told without a traceback."""
    try:
        yield
    except RobustnessError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
