"""What a thresholds file has declared by the time its limits, hunts and claims are read: models and kinds of noise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.errors import RobustnessError, nearest
from robustness.models.declaration import ModelDeclaration
from robustness.noise import PRESETS, Noise, parameter_names
from robustness.noise.arithmetic import LEVELS, Addition, Averaging, Field, Replacement, Transition, arithmetic
from robustness.noise.tables import SIZE

SIDE = 1024
"""Of an image of a million pixels."""


def told_apart(promises: Sequence[tuple[str, Mapping[str, str]]]) -> list[str]:
    """What is to follow each promise's name, given its details: those in which it differs from others of that name."""
    alike: dict[str, list[Mapping[str, str]]] = {}
    for name, details in promises:
        alike.setdefault(name, []).append(details)
    return [
        "".join(f"-{key}={value}" for key, value in details.items() if value and any(o[key] != value for o in alike[name]))
        for name, details in promises
    ]


def check_changes_something(noise: Noise, otherwise: str) -> None:
    """A `RobustnessError` where a built-in noise changes, on average, less than one pixel of a million, whatever the image."""
    match arithmetic(noise, SIDE, SIDE):
        case Addition(_, table):
            changes = bool(table.any())
        case Transition(_, counts):
            changes = not np.array_equal(counts, np.where(LEVELS[:, np.newaxis] <= LEVELS, SIZE, 0))
        case Replacement(_, limit):
            changes = limit * SIDE**2 >= 2**31
        case Field(levels):
            changes = bool(levels.any())
        case Averaging(rows, columns):
            changes = (rows, columns) != (SIDE, SIDE)
        case None:
            changes = False
    if not changes:
        raise RobustnessError(f"{noise} changes not one pixel in a million: {otherwise}")


@dataclass(frozen=True)
class Declared:
    """models: by name. kinds: of noise, by name. unusable: noises whose declaration is a problem already."""

    run: Mapping[str, Any]  # the table of that name, as it is written
    models: Mapping[str, ModelDeclaration]
    kinds: Mapping[str, type[Noise]]
    unusable: Collection[str]

    @property
    def growing(self) -> dict[str, type[Noise]]:
        """The kinds whose magnitude grows from nothing."""
        return {name: kind for name, kind in self.kinds.items() if kind.magnitude and kind.identity is not None}

    def is_usable(self, kind: str) -> bool:
        return kind not in self.unusable and (kind in self.kinds or kind in PRESETS)

    def check_models(self, table: Mapping[str, Any], path: KeyPath, problems: Problems, key: str = "models") -> None:
        """That each model a table names is declared."""
        models = table.get(key)
        for place, name in enumerate(models if isinstance(models, list) else []):
            if isinstance(name, str) and name not in self.models:
                problems.add((*path, key, place), f"unknown model {name!r}: {nearest(name, self.models)}")

    def check_keys(self, table: Mapping[str, Any], path: KeyPath, keys: Collection[str], problems: Problems) -> bool:
        """Whether a table's noise, if it names one, is known, and every key one of `keys` or a parameter of that noise."""
        kind = table.get("noise")
        if not isinstance(kind, str) or kind in self.unusable:
            return kind is None
        if not self.is_usable(kind):
            problems.add((*path, "noise"), f"unknown noise {kind!r}: {nearest(kind, [*self.kinds, *PRESETS])}")
            return False
        valid = [*keys, *parameter_names(kind, self.kinds)]
        unknown = [name for name in table if name not in valid]
        for name in unknown:
            problems.add((*path, name), f"unknown key: {nearest(name, valid)}")
        return not unknown
