"""The kinds of noise, a file each: found by being here, so there is no list to add one to."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from robustness.noise.specs import Noise


def _kinds() -> list[type[Noise]]:
    """The classes that files of this folder define: clean first, the others in alphabetical order."""
    modules = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Noise) and value.__module__ == module.__name__
    ]
    return sorted(classes, key=lambda spec: (spec.magnitude is not None, spec.kind))


KINDS: dict[str, type[Noise]] = {spec.kind: spec for spec in _kinds()}
"""By name."""
