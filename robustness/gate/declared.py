"""What a thresholds file has declared by the time its limits, hunts and claims are read: models and kinds of noise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from robustness.errors import nearest
from robustness.gate.places import KeyPath
from robustness.gate.problems import Problems
from robustness.noise import PRESETS, Noise, parameter_names


@dataclass(frozen=True)
class Declared:
    """models: their names. kinds: of noise, by name. unusable: noises whose declaration is a problem already."""

    models: Collection[str]
    kinds: Mapping[str, type[Noise]]
    unusable: Collection[str]

    @property
    def growing(self) -> dict[str, type[Noise]]:
        """The kinds whose magnitude grows from nothing."""
        return {name: kind for name, kind in self.kinds.items() if kind.magnitude and kind.identity is not None}

    def is_usable(self, kind: str) -> bool:
        return kind not in self.unusable and (kind in self.kinds or kind in PRESETS)

    def check_models(self, table: Mapping[str, Any], path: KeyPath, problems: Problems) -> None:
        """That each model a table names is declared."""
        models = table.get("models")
        for place, name in enumerate(models if isinstance(models, list) else []):
            if isinstance(name, str) and name not in self.models:
                problems.add((*path, "models", place), f"unknown model {name!r}: {nearest(name, self.models)}")

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
