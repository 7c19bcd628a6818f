"""Every limit on a generator in `thresholds.toml`, one test each."""

from __future__ import annotations

import pytest

from robustness.generators.declare import GeneratorLimit
from robustness.pytest_plugin.fixtures import Gate
from robustness.suite.parametrize import pytest_generate_tests as pytest_generate_tests


def test_generator_limit(generator_limit: GeneratorLimit, robustness_gate: Gate) -> None:
    judged = robustness_gate.judge(generator_limit)
    if judged.stops:
        pytest.fail(judged.explain(), pytrace=False)
