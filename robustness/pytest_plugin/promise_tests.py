"""A test for each promise of the thresholds file, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from robustness.gate.promise import AnyKind, Promise
from robustness.pytest_plugin.fixtures import Gate
from robustness.pytest_plugin.run import promises


def make_test(kind: type[AnyKind] | AnyKind) -> Callable[[Promise, Gate], None]:
    """The test of a kind: it fails when the promise stops the release, and says why."""

    def test(promise: Promise, robustness_gate: Gate) -> None:
        record = robustness_gate.measure(promise)
        if record.stops:
            pytest.fail(record.explain(), pytrace=False)

    test.__name__ = test.__qualname__ = f"test_{kind.name}"
    test.kind = kind.promise  # type: ignore[attr-defined]
    return test


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A project's module that imports a kind's test takes this along."""
    if promised := getattr(metafunc.function, "kind", None):
        metafunc.parametrize("promise", promises(metafunc.config).of(promised), ids=str)
