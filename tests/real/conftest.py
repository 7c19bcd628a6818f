"""These tests measure the real GTSRB: without it they are skipped, and CI lists that skip as the only one allowed."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _needs_gtsrb():
    if not os.environ.get("ROBUSTNESS_DATA"):
        pytest.skip("needs GTSRB: set ROBUSTNESS_DATA")
