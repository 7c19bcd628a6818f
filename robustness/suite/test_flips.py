"""Every hunt in `thresholds.toml`, one test each: former findings first, then noise that nobody has tried."""

from __future__ import annotations

import pytest

from robustness.hunts.declare import Hunt
from robustness.pytest_plugin.fixtures import Gate
from robustness.suite.parametrize import pytest_generate_tests as pytest_generate_tests


def test_hunt(hunt: Hunt, robustness_gate: Gate) -> None:
    hunted = robustness_gate.hunt(hunt)
    if hunted.stops:
        pytest.fail(hunted.explain(), pytrace=False)
