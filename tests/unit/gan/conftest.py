from __future__ import annotations

import pytest
from gan_runs import three_colours


@pytest.fixture(autouse=True)
def _exactly(exact_arithmetic):
    pass


@pytest.fixture(scope="session")
def colours():
    return three_colours()
