"""Packages that only some references need, and that are installed by name."""

from __future__ import annotations

import importlib
from types import ModuleType

from robustness.errors import RobustnessError


def import_extra(module: str, extra: str) -> ModuleType:
    """A module of an extra of this package; where it is missing, the error says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise RobustnessError(
            f'{module} cannot be imported ({error}): pip install "pytest-robustness[{extra}]" brings it'
        ) from error
