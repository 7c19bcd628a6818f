"""The fixtures of the pytest door: the data, the declared models, and what measures them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from robustness.errors import RobustnessError
from robustness.pytest_plugin.run import PROPERTY, RUN, declared_thresholds

if TYPE_CHECKING:
    from torch import nn

    from robustness.data import ImageSet
    from robustness.evaluation.evaluate import Measurement
    from robustness.evaluation.store import Store
    from robustness.gate.check import Outcome
    from robustness.gate.thresholds import Limit, Thresholds
    from robustness.models.classifier import Classifier
    from robustness.models.declaration import ModelDeclaration
    from robustness.noise import Noise


@pytest.fixture(scope="session")
def robustness_thresholds(request: pytest.FixtureRequest) -> Thresholds:
    """The limits, models and data of this run's thresholds file."""
    with _plain_errors():
        return declared_thresholds(request.config)


@pytest.fixture(scope="session")
def test_set(robustness_thresholds: Thresholds) -> ImageSet:
    """The images that the thresholds file names as `[run] data`."""
    from robustness.data import load_image_set

    with _plain_errors():
        return load_image_set(robustness_thresholds.data, base=robustness_thresholds.base)


@pytest.fixture(scope="session")
def robustness_store() -> Store:
    """Past results, shared by all workers and runs."""
    from robustness.evaluation.store import Store

    return Store()


@pytest.fixture(scope="session")
def robustness_threads() -> int:
    """Torch's threads, shared out among xdist's workers before the first forward pass."""
    import torch

    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    threads = max(1, (os.cpu_count() or 1) // workers)
    torch.set_num_threads(threads)
    return threads


@pytest.fixture
def robustness_gate(
    request: pytest.FixtureRequest,
    robustness_thresholds: Thresholds,
    test_set: ImageSet,
    robustness_store: Store,
    robustness_threads: int,
) -> Gate:
    """Measures for this test, each case once over all workers and runs."""
    return Gate(request, robustness_thresholds, test_set, robustness_store)


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

    def __init__(self, request: pytest.FixtureRequest, thresholds: Thresholds, images: ImageSet, store: Store) -> None:
        self.request, self.thresholds, self.images, self.store = request, thresholds, images, store

    def check(self, limit: Limit) -> Outcome:
        """Measure a limit's case and judge it."""
        from robustness.gate.check import check, repeat_command

        with _plain_errors():
            model = self.request.getfixturevalue(self.thresholds.models[limit.model].fixture)
            measurement = self._measure(model, self.images, limit.noise)
        outcome = check(limit, measurement, repeat_command(limit, self.thresholds, self.request.node.nodeid))
        self._record("limit", outcome.as_dict())
        return outcome

    def accuracy(self, model: Classifier | nn.Module, images: ImageSet, noise: Noise | None = None) -> float:
        """The share of images that the model names right under the noise, clean by default."""
        from robustness.noise import Clean

        with _plain_errors():
            measurement = self._measure(model, images, noise or Clean())
        case, right, total = measurement.case, measurement.right, measurement.total
        self._record("measurement", {"case": str(case), "key": case.key, "right": right, "total": total})
        return measurement.accuracy

    def _measure(self, model: object, images: ImageSet, noise: Noise) -> Measurement:
        from robustness.evaluation.evaluate import measure

        classifier = self._classifier(model)
        return measure(classifier, images, noise, self.thresholds.seed, self.store, self.request.config.stash[RUN])

    def _classifier(self, model: object) -> Classifier:
        """A classifier as it is; a fixture's own module as its declaration describes it."""
        from robustness.models.classifier import Classifier
        from robustness.models.load import wrap_module

        if isinstance(model, Classifier):
            return model
        for declaration in self.thresholds.models.values():
            if declaration.load == "fixture" and self.request.getfixturevalue(declaration.fixture) is model:
                return wrap_module(model, declaration, self.thresholds.base)
        raise RobustnessError(
            f"a {type(model).__name__} that no declared model's fixture returned: declare it in "
            f'{self.thresholds.file.name} with load = "fixture", or return a robustness.Classifier'
        )

    def _record(self, kind: str, values: dict[str, Any]) -> None:
        from robustness.report.records import to_property

        self.request.node.user_properties.append((PROPERTY, to_property(kind, values)))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the user can mend is told without a traceback."""
    try:
        yield
    except RobustnessError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
