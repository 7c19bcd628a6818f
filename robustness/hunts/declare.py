"""The `[[hunts]]` of a thresholds file: up to which magnitudes a model is declared safe from any noise, alone or mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from robustness.declaration.declared import Declared, check_changes_something, each_once, named_apart
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import Finite, Share, Table, TopLevel, tables_of
from robustness.errors import RobustnessError, nearest
from robustness.gate.promise import Kind
from robustness.hunts.record import HuntRecord
from robustness.noise import Noise, make_noise

if TYPE_CHECKING:
    from robustness.gate.thresholds import Thresholds
    from robustness.gate.workbench import Workbench

FINDINGS = "findings"
"""The folder beside the thresholds file in which hunts keep what they find."""


class HuntsTable(Table):
    models: Annotated[list[str], Field(min_length=1)]
    safe: Annotated[dict[str, Finite], Field(min_length=1)]
    budget: Share
    images: Annotated[int, Field(ge=1)] = 256


@dataclass(frozen=True)
class Hunt:
    """One model to attack."""

    model: str
    safe: tuple[Noise, ...]  # at the highest magnitude declared safe
    budget: Decimal  # of the predictions that are correct without noise, the share that may change below it
    images: int  # how many of the set's are tried, the first in the order of evaluation
    place: str
    apart: str = ""  # what follows its name where another hunt of the file has it too

    @property
    def noises(self) -> tuple[Noise, ...]:
        return self.safe

    @property
    def about(self) -> tuple[str, ...]:
        return (self.model,)

    @property
    def details(self) -> dict[str, str]:
        """What may tell it from another hunt of the model with such noises; a budget does not, for the lower one holds."""
        return {noise.kind: f"{noise.level:.15g}" for noise in self.safe} | {"images": str(self.images)}

    @property
    def identity(self) -> list[object]:
        return [self.model, [str(noise) for noise in self.safe], self.images]

    def __str__(self) -> str:
        return f"{self.model}-{'+'.join(noise.kind for noise in self.safe)}{self.apart}"


def _hunts(content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[tuple[KeyPath, Hunt]]:
    for path, table, hunts in tables_of(content, "hunts", HuntsTable):
        declared.check_models(table, path, problems)
        if hunts is None:
            continue
        safe = []
        for kind, magnitude in hunts.safe.items():
            try:
                safe.append(_safe(kind, magnitude, declared))
            except RobustnessError as error:
                problems.add((*path, "safe", kind), str(error))
        if hunts.budget == 1:
            problems.add((*path, "budget"), "1 allows every prediction to change, so no hunt could find anything")
        for model in hunts.models:
            yield path, Hunt(model, tuple(safe), Decimal(str(table["budget"])), hunts.images, problems.place(path))


def _safe(kind: str, magnitude: float, declared: Declared) -> Noise:
    """The noise of that kind at that magnitude, once it is one that can be hunted with."""
    growing = declared.growing
    if kind not in growing:
        raise RobustnessError(f"no built-in noise that grows from nothing: {nearest(kind, growing)}")
    noise = make_noise(kind, {str(growing[kind].magnitude): magnitude}, growing)
    check_changes_something(noise, "nothing would be hunted")
    return noise


class Hunts(Kind[Hunt, HuntRecord]):
    name = "hunt"
    promise = Hunt
    record = HuntRecord
    suite = "test_flips.py"
    kept = "found nothing"
    broken = "found too many flips"
    tables: ClassVar = {"hunts": TopLevel(HuntsTable)}

    def declare(self, content: Mapping[str, Any], declared: Declared, problems: Problems) -> Iterator[Hunt]:
        return each_once(named_apart(_hunts(content, declared, problems)), "hunted", problems)

    def start(self, thresholds: Thresholds) -> object:
        """The files of findings there are: or why none are known. No hunt is to meet what another of its run finds."""
        folder = thresholds.base / FINDINGS
        try:
            return sorted(str(file) for file in folder.iterdir() if file.suffix == ".json")
        except FileNotFoundError:
            return []
        except OSError as error:  # findings that cannot be read must not count as none
            return f"{folder}: {error.strerror}; the findings of former hunts cannot be tried"

    def measure(self, promise: Hunt, bench: Workbench) -> HuntRecord:
        from robustness.hunts.measure import measure_hunt

        return measure_hunt(promise, bench)
