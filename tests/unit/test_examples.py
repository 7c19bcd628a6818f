"""The examples in docstrings are what Python prints."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import robustness

PACKAGE = Path(robustness.__file__).parent
FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if ">>> " in file.read_text(encoding="utf-8")]
MODULES = [".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in FILES]


@pytest.mark.parametrize("name", MODULES)
def test_they_print_what_they_show(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted
    assert not results.failed
