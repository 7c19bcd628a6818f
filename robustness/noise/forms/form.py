"""What all integer forms have in common."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import ClassVar


class Form:
    """Integers, and what is done with them to every image. Subclasses are frozen."""

    small: ClassVar[int] = 100_000
    """Fewer values than this are not worth a second thread."""

    @property
    def changes(self) -> bool:
        """Whether it can change more than one pixel of a million, whatever the image."""
        raise NotImplementedError

    @classmethod
    def has(cls, side: str) -> bool:
        """Whether there is a `reference`, `cpu` or `cuda` of it."""
        return _has(cls.__module__, side)

    @classmethod
    def side(cls, side: str) -> ModuleType:
        """Its `reference`, `cpu` or `cuda`."""
        return import_module(f"{cls.__module__}.{side}")


@cache
def _has(folder: str, side: str) -> bool:
    return find_spec(f"{folder}.{side}") is not None
