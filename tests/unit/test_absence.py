"""Tests that look for files look for what is really written: one that asks whether none is there could not fail otherwise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import robustness

TESTS = Path(__file__).parents[1]
PACKAGE = Path(robustness.__file__).parent
ENDING = re.compile(r"\.[A-Za-z]\w*(?=\*?$)")
ELSEWHERE = {".ppm"}
"""GTSRB's pictures, which the tests write."""


def endings_looked_for(tree):
    """The endings in patterns of `glob` and `rglob`, each with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("glob", "rglob"):
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and (ending := ENDING.search(part.value)):
                    yield ending[0], node.lineno


def endings_written():
    """Those that stand in the package's texts, at their ends."""
    texts = [
        node.value
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return {ending[0] for text in texts if (ending := ENDING.search(text))}


def test_patterns_end_as_the_files_that_the_package_writes():
    known = endings_written() | ELSEWHERE
    looked_for = [
        (ending, f"{file.relative_to(TESTS)}:{line}")
        for file in sorted(TESTS.rglob("*.py"))
        for ending, line in endings_looked_for(ast.parse(file.read_bytes()))
    ]
    assert len(looked_for) > 10
    assert [place for ending, place in looked_for if ending not in known] == []


@pytest.mark.parametrize("call", ['folder.rglob("*.npz")', 'list(folder.glob(f"{name}-*.npz"))', 'folder.glob("a/*.npz*")'])
def test_a_planted_fault_is_found(call):
    assert [ending for ending, _ in endings_looked_for(ast.parse(call))] == [".npz"]
    assert ".npz" not in endings_written()
