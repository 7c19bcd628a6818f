"""Every claim in `thresholds.toml`, one test each, which fails when the claim does not come out as declared."""

from __future__ import annotations

import pytest

from robustness.claims.declare import DeclaredClaim
from robustness.pytest_plugin.fixtures import Gate
from robustness.suite.parametrize import pytest_generate_tests as pytest_generate_tests


def test_claim(claim: DeclaredClaim, robustness_gate: Gate) -> None:
    examined = robustness_gate.examine(claim)
    if examined.stops:
        pytest.fail(examined.explain(), pytrace=False)
