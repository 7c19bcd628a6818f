"""These tests measure the real GTSRB: without it they are skipped, and CI lists that skip as the only one allowed."""

from __future__ import annotations

import os

import pytest


def pytest_runtest_setup():
    """Before any fixture, some of which take a while."""
    if not os.environ.get("ROBUSTNESS_DATA"):
        pytest.skip("needs GTSRB: set ROBUSTNESS_DATA")
