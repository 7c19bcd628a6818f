"""Each test of `tests/unit/plugin` that asks for a `mode` runs there without xdist, and here with it: no worker, and one.

A class for each module holds its tests; fixtures are shared, so no two modules have one of the same name.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from gate_projects import project

UNIT = Path(__file__).parents[2] / "unit" / "plugin"
NAMES = sorted(file.stem for file in UNIT.glob("test_*.py"))


def imported(names: list[str]) -> list[ModuleType]:
    pytest.register_assert_rewrite(*names)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(UNIT)
        return [importlib.import_module(name) for name in names]


def with_a_mode(module: ModuleType) -> dict[str, Any]:
    """Its tests, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and name.startswith("test_") and "mode" in inspect.signature(value).parameters
    }


def fixtures(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if isinstance(value, type(project))}


MODULES = imported(NAMES)
TAKEN = {module.__name__: with_a_mode(module) for module in MODULES}

for module in MODULES:
    if tests := TAKEN[module.__name__]:
        title = "Test" + module.__name__.removeprefix("test").title().replace("_", "")
        globals()[title] = type(title, (), {name: staticmethod(value) for name, value in tests.items()})
        own = fixtures(module)
        assert not own.keys() & globals().keys(), "two modules have a fixture of one name"
        globals().update(own)
del module, tests, own


def test_every_module_is_read_and_every_test_is_taken() -> None:
    """By counting in the files, where `mode` is always the last parameter."""
    written = {file.stem: file.read_text(encoding="utf-8").count(", mode):\n") for file in UNIT.glob("test_*.py")}
    assert {name: len(tests) for name, tests in TAKEN.items()} == written
    assert sum(written.values()) > 10
