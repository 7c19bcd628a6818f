"""Every claim in `thresholds.toml`, one test each, which fails when the claim does not come out as declared."""

from __future__ import annotations

import pytest

from robustness.gate.declared_claims import DeclaredClaim
from robustness.pytest_plugin.fixtures import Gate
from robustness.pytest_plugin.run import promises


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "claim" in metafunc.fixturenames:
        metafunc.parametrize("claim", promises(metafunc.config).claims, ids=str)


def test_claim(claim: DeclaredClaim, robustness_gate: Gate) -> None:
    examined = robustness_gate.examine(claim)
    if examined.stops:
        pytest.fail(examined.explain(), pytrace=False)
