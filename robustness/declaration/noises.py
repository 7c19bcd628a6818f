"""The `[noises.NAME]` of a thresholds file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from robustness.declaration.problems import Problems
from robustness.declaration.tables import NoiseTable
from robustness.errors import RobustnessError
from robustness.noise import KINDS, PRESETS, Noise, declare_noise


def read_noises(
    tables: object, reserved: Collection[str], base: Path, problems: Problems
) -> tuple[dict[str, type[Noise]], set[str]]:
    """The kinds of noise by name, and the names of those that are not well formed, so that limits on them are not problems too.

    reserved: keys that no magnitude can be called by. base: the folder that modules are looked up in.
    """
    kinds: dict[str, type[Noise]] = {}
    unusable: set[str] = set()
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        try:
            if name in KINDS or name in PRESETS:
                raise RobustnessError("is a noise already: name yours otherwise")
            noise = NoiseTable.model_validate(table)
            if noise.magnitude in reserved:
                raise RobustnessError(f"{noise.magnitude!r} is a key of every limit, so no magnitude can be called so")
            kinds[name] = declare_noise(name, noise.load, noise.magnitude, noise.model_extra or {}, base)
        except ValidationError:
            unusable.add(name)
        except RobustnessError as error:
            unusable.add(name)
            problems.add(("noises", name), str(error))
    return kinds, unusable
