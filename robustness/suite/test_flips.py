"""Every hunt in `thresholds.toml`, one test each: former findings first, then noise that nobody has tried."""

from __future__ import annotations

import pytest

from robustness.gate.hunts import Hunt
from robustness.pytest_plugin.fixtures import Gate
from robustness.pytest_plugin.run import promises


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "hunt" in metafunc.fixturenames:
        metafunc.parametrize("hunt", promises(metafunc.config).hunts, ids=str)


def test_hunt(hunt: Hunt, robustness_gate: Gate) -> None:
    hunted = robustness_gate.hunt(hunt)
    if hunted.stops:
        pytest.fail(hunted.explain(), pytrace=False)
