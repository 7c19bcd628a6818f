"""Gates as in `tests/unit/plugin`, where workers and processes of their own run them."""

from __future__ import annotations

import os
import zlib

import pytest
from gate_projects import MODES, _numba, project

__all__ = ["_numba", "mode", "project"]


@pytest.fixture(params=["no workers", "a worker"])
def mode(request: pytest.FixtureRequest) -> list[str]:
    return MODES[request.param]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each attack is tried through one door, with workers or without, by turns; in all four ways where EVERY_WAY is set."""
    if "EVERY_WAY" in os.environ or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if not _is_its_turn(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_its_turn(item: pytest.Item) -> bool:
    parameters = dict(item.callspec.params) if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    if not {"door", "workers"} <= parameters.keys():
        return True
    door, workers = parameters.pop("door"), parameters.pop("workers")
    turn = zlib.crc32(f"{item.originalname if isinstance(item, pytest.Function) else ''} {parameters}".encode()) % 4
    return turn == 2 * (door == "gate") + (workers == "two workers")
