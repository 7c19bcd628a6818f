"""A test for each promise of the thresholds file."""

from __future__ import annotations

import pytest

from robustness.pytest_plugin.run import promises


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in {"limit", "hunt", "claim", "generator_limit"} & set(metafunc.fixturenames):
        metafunc.parametrize(name, getattr(promises(metafunc.config), f"{name}s"), ids=str)
