"""The CPU's kernels compute in integers: their compiled code has no other type."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit, types

from robustness.noise import forms

FLOATS = re.compile(r"(?<![%\w.])(?:half|float|double|fp128)\b")
FORMS = sorted(file.parent.name for file in Path(forms.__file__).parent.glob("*/cpu.py"))


def code(compiled: Any):
    """Compiled once more, for Numba does not show what it has read from its cache."""
    return "\n".join(njit(compiled.signatures, nogil=True)(compiled.py_func).inspect_llvm().values())


def kernels(form):
    """The compiled functions of a form's `cpu.py`."""
    module = import_module(f"robustness.noise.forms.{form}.cpu")
    return [value() for name, value in vars(module).items() if hasattr(value, "cache_clear") and not name.startswith("_")]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_there_is_no_float_in_a_kernel(form):
    found = kernels(form)
    assert len(found) == 1
    assert not FLOATS.findall(code(found[0]))


def test_a_float_would_be_seen():
    @njit([types.void(types.Array(types.uint8, 1, "C"))])
    def halve(values):
        for e in range(len(values)):
            values[e] = np.uint8(values[e] * 0.5)

    assert FLOATS.findall(code(halve))
