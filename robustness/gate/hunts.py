"""The `[[hunts]]` of a thresholds file: up to which magnitudes a model is declared safe from any noise, alone or mixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError

from robustness.errors import RobustnessError, nearest
from robustness.gate.declared import Declared
from robustness.gate.problems import Problems
from robustness.gate.schema import HuntsTable
from robustness.noise import Noise, make_noise


@dataclass(frozen=True)
class Hunt:
    """One model to attack.

    safe: the noises at the highest magnitude declared safe. budget: of the predictions that are right without noise, the share
    that may change below it. images: how many of the set's, the first in the order of evaluation, are tried.
    """

    model: str
    safe: tuple[Noise, ...]
    budget: Decimal
    images: int
    place: str

    def __str__(self) -> str:
        return f"{self.model}-{'+'.join(noise.kind for noise in self.safe)}"


def read_hunts(tables: object, declared: Declared, problems: Problems) -> Iterator[Hunt]:
    """In the file's order; what is wrong goes to `problems`."""
    first: dict[str, str] = {}
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
        for model in hunts.models:
            hunt = Hunt(model, tuple(safe), Decimal(str(table["budget"])), hunts.images, problems.place(path))
            if str(hunt) in first:
                problems.add(path, f"{hunt} is hunted twice, first at {first[str(hunt)]}")
            first.setdefault(str(hunt), hunt.place)
            yield hunt


def _safe(kind: str, magnitude: float, declared: Declared) -> Noise:
    """The noise of that kind at that magnitude, once it is one that can be hunted with."""
    growing = declared.growing
    if kind not in growing:
        raise RobustnessError(f"no built-in noise that grows from nothing: {nearest(kind, growing)}")
    noise = make_noise(kind, {str(growing[kind].magnitude): magnitude}, growing)
    if noise.level == noise.identity:
        raise RobustnessError(f"{noise} is no noise at all: nothing would be hunted")
    return noise
