"""Python that a page shows: it compiles, what it imports of ours is there, and the tables below it are what it prints."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io

import pytest
from docs_pages import NAMES, PAGES, ROOT, blocks

LIMITS = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")


def missing_imports(block):
    """Names that a block imports from this package and that are not there."""
    wanted = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "robustness"
        for alias in node.names
    ]
    return [f"{module}.{name}" for module, name in wanted if not hasattr(importlib.import_module(module), name)]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_it_imports_is_there(page):
    assert [name for block in blocks(page.read_text(encoding="utf-8"), "python") for name in missing_imports(block)] == []


def test_a_planted_fault_is_found():
    assert missing_imports("from robustness import Gaussian, Gausian") == ["robustness.Gausian"]


@pytest.mark.parametrize("number", range(3))
def test_the_tables_of_the_page_on_limits_are_what_its_code_prints(number):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(blocks(LIMITS, "python")[number], {})
    rows = printed.getvalue()
    assert len(rows.splitlines()) >= 3
    assert f"|---:|\n{rows}\n" in LIMITS
