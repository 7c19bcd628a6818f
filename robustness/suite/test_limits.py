"""Every limit in `thresholds.toml`, one test each."""

from __future__ import annotations

import pytest

from robustness.limits.limit import Limit
from robustness.pytest_plugin.fixtures import Gate
from robustness.suite.parametrize import pytest_generate_tests as pytest_generate_tests


def test_limit(limit: Limit, robustness_gate: Gate) -> None:
    outcome = robustness_gate.check(limit)
    if outcome.stops:
        pytest.fail(outcome.explain(), pytrace=False)
