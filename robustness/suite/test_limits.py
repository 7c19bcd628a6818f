"""Every limit in `thresholds.toml`, one test each."""

from __future__ import annotations

import pytest

from robustness.gate.limit import Limit
from robustness.pytest_plugin.fixtures import Gate
from robustness.pytest_plugin.run import promises


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "limit" in metafunc.fixturenames:
        metafunc.parametrize("limit", promises(metafunc.config).limits, ids=str)


def test_limit(limit: Limit, robustness_gate: Gate) -> None:
    outcome = robustness_gate.check(limit)
    if outcome.stops:
        pytest.fail(outcome.explain(), pytrace=False)
