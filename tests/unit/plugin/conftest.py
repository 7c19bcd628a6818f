"""Gates run in this process, without xdist; `tests/processes/plugin` runs what asks for a `mode` with it too."""

from __future__ import annotations

import pytest
from gate_projects import MODES, _numba, project

__all__ = ["_numba", "mode", "project"]


@pytest.fixture
def mode() -> list[str]:
    return MODES["alone"]
