"""break_point: up to this magnitude accuracy stays at or above the share `of_clean` of accuracy without noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from robustness.data.preparation import Shape
from robustness.declaration.tables import Finite, PartOfClean
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.limit import Limit
from robustness.noise import Clean, Noise

STEPS = 10
"""Levels up to a break point at which accuracy is measured."""


class BreakPoint(Ask):
    name = "break_point"
    kept_by_dead = True
    is_trained_for = True
    field = (Finite | None, None)
    more: ClassVar = {"of_clean": (PartOfClean | None, None)}
    needs = "of_clean"
    together = True
    idle = "nothing could break"

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        if not written.grows:
            yield self.name, f"{written.table['noise']} has no magnitude that grows from nothing"
        for magnitude in self.parameters(written):
            if magnitude in written.table:
                yield magnitude, "is what break_point speaks of: leave it out"

    def parameters(self, written: Written) -> Mapping[str, Any]:
        """Its magnitude."""
        kind = written.kind
        return {kind.magnitude: written.table[self.name]} if kind and kind.magnitude else {}

    def levels(self, noises: Sequence[Noise]) -> Sequence[Noise]:
        if len(set(noises)) > 1:
            raise RobustnessError("speaks of one noise: give each a table of its own")
        return noises[-1].ladder(STEPS)[1:]

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"of_clean": Decimal(str(table["of_clean"]))}

    def cases(self, limit: Limit, shape: Shape) -> list[tuple[str, Noise]]:
        return [*super().cases(limit, shape), (limit.model, Clean())]

    def judge(self, measured: Measured) -> Found:
        """The first of the levels at which accuracy is below the share; the last level if it never is."""
        (*rights, clean), limit = measured.rights, measured.limit
        if not clean:
            raise RobustnessError("no clean image is named right, so there is no point at which accuracy breaks")
        asked = f"the limit asks for {limit.of_clean} of the clean {clean:,} up to {limit.levels[-1]}"
        for level, right in zip(limit.levels, rights, strict=True):
            if right < Fraction(limit.of_clean or 0) * clean:
                return Found(level.level or 0.0, False, f"breaks at {level}: {right:,} right; {asked}")
        return Found(limit.levels[-1].level or 0.0, True, f"accuracy keeps up at {len(rights)} levels; {asked}")
