"""`pytest thresholds.toml` runs a test for each promise in it; tests that use the gate's fixtures are marked as its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from robustness.errors import RobustnessError
from robustness.gate.notes import GateTest, to_text
from robustness.pytest_plugin.run import FILE_PROPERTY, PROPERTY, THRESHOLDS, asked, is_gate_test, promises, thresholds_file

if TYPE_CHECKING:
    from robustness.gate.promise import AnyKind

SUITE = Path(__file__).parents[1] / "suite"


class PromiseTests(pytest.Module):
    """The tests of one kind of promise, as a module that imports them has them."""

    kind: AnyKind

    def _getobj(self) -> ModuleType:
        from robustness.pytest_plugin.promise_tests import make_test, pytest_generate_tests

        module = ModuleType(self.path.stem)
        setattr(module, f"test_{self.kind.name}", make_test(self.kind))
        module.pytest_generate_tests = pytest_generate_tests  # type: ignore[attr-defined]
        return module


class ThresholdsFile(pytest.File):
    """A thresholds file as tests."""

    def collect(self) -> Iterator[pytest.Collector]:
        thresholds = promises(self.config)
        for kind in thresholds.promise_kinds:
            if thresholds.of(kind.promise):
                tests: PromiseTests = PromiseTests.from_parent(self, path=SUITE / kind.suite)
                tests.kind = kind
                yield tests


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path == thresholds_file(parent.config) and parent.session.isinitpath(file_path):
        return ThresholdsFile.from_parent(parent, path=file_path)
    return None


def pytest_itemcollected(item: pytest.Item) -> None:
    if is_gate_test(item) or asked(item.config):
        item.user_properties.append((FILE_PROPERTY, str(item.path)))
    if is_gate_test(item):
        item.add_marker("robustness")
        thresholds = item.config.stash.get(THRESHOLDS, None)
        read = thresholds.sha256 if thresholds and not isinstance(thresholds, RobustnessError) else ""
        item.user_properties.append((PROPERTY, to_text(GateTest(thresholds=read))))
