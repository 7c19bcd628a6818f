"""Gates as in `tests/unit/plugin`, where workers and processes of their own run them."""

from __future__ import annotations

import pytest
from gate_projects import MODES, _numba, project

__all__ = ["_numba", "mode", "project"]


@pytest.fixture(params=["no workers", "a worker"])
def mode(request: pytest.FixtureRequest) -> list[str]:
    return MODES[request.param]
