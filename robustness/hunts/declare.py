"""The `[[hunts]]` of a thresholds file: up to which magnitudes a model is declared safe from any noise, alone or mixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic import ValidationError

from robustness.declaration.declared import Declared, check_changes_something, told_apart
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import HuntsTable
from robustness.errors import RobustnessError, nearest
from robustness.noise import Noise, make_noise


@dataclass(frozen=True)
class Hunt:
    """One model to attack.

    safe: the noises at the highest magnitude declared safe. budget: of the predictions that are right without noise, the share
    that may change below it. images: how many of the set's, the first in the order of evaluation, are tried. apart: what
    follows its name where another hunt of the file has it too.
    """

    model: str
    safe: tuple[Noise, ...]
    budget: Decimal
    images: int
    place: str
    apart: str = ""

    @property
    def details(self) -> dict[str, str]:
        """What may tell it from another hunt of the model with such noises; a budget does not, for the lower one holds."""
        return {noise.kind: f"{noise.level:.15g}" for noise in self.safe} | {"images": str(self.images)}

    def __str__(self) -> str:
        return f"{self.model}-{'+'.join(noise.kind for noise in self.safe)}{self.apart}"


def read_hunts(tables: object, declared: Declared, problems: Problems) -> Iterator[Hunt]:
    """In the file's order; what is wrong goes to `problems`."""
    first: dict[str, str] = {}
    found = list(_hunts(tables, declared, problems))
    for (path, hunt), apart in zip(found, told_apart([(str(hunt), hunt.details) for _, hunt in found]), strict=True):
        told = replace(hunt, apart=apart)
        if str(told) in first:
            problems.add(path, f"{told} is hunted twice, first at {first[str(told)]}")
        first.setdefault(str(told), told.place)
        yield told


def _hunts(tables: object, declared: Declared, problems: Problems) -> Iterator[tuple[KeyPath, Hunt]]:
    for number, table in enumerate(tables if isinstance(tables, list) else []):
        path = ("hunts", number)
        if not isinstance(table, dict):
            continue
        declared.check_models(table, path, problems)
        try:
            hunts = HuntsTable.model_validate(table)
        except ValidationError:
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
