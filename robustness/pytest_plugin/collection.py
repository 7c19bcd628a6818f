"""`pytest thresholds.toml` runs the packaged suite; tests that use the gate's fixtures are marked as its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from robustness.gate.records import to_property
from robustness.pytest_plugin.run import PROPERTY, is_gate_test, promises, thresholds_file

SUITE = Path(__file__).parents[1] / "suite"


class ThresholdsFile(pytest.File):
    """A thresholds file as tests: the modules of the packaged suite."""

    def collect(self) -> Iterator[pytest.Collector]:
        thresholds = promises(self.config)
        modules = {
            "limits": thresholds.limits,
            "flips": thresholds.hunts,
            "claims": thresholds.claims,
            "generators": thresholds.generator_limits,
        }
        for name, declared in modules.items():
            if declared:
                yield pytest.Module.from_parent(self, path=SUITE / f"test_{name}.py")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path == thresholds_file(parent.config) and parent.session.isinitpath(file_path):
        return ThresholdsFile.from_parent(parent, path=file_path)
    return None


def pytest_itemcollected(item: pytest.Item) -> None:
    if is_gate_test(item):
        item.user_properties.append((PROPERTY, to_property("rule", {})))
