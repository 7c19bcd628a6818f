"""A limit: one promise about a model, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from robustness.noise import Noise

Asks = Literal[
    "accuracy",
    "max_drop",
    "relative",
    "worst_class",
    "worst_band",
    "max_flips",
    "max_differences",
    "monotone",
    "mean_error",
    "break_point",
]
LEVEL_ASKS: tuple[Asks, ...] = ("accuracy", "max_drop", "relative", "worst_class", "worst_band", "max_flips", "max_differences")
"""What is asked of each level by itself; the other things are asked of all levels of a table together."""
CURVE_ASKS: tuple[Asks, ...] = ("monotone", "mean_error", "break_point")


@dataclass(frozen=True)
class Limit:
    """One promise about a model.

    noise: the noise it is made under; the last of `levels` where it is made about several.
    asks, required: "accuracy", at least this share of the images is named right. "max_drop", compared with the baseline it
    fell by no more. "relative", it is at least this share of clean accuracy. "worst_class", every class has at least this
    accuracy. "worst_band", so has every frequency and orientation of waves with this amplitude's energy. "max_flips", of the
    predictions right without noise at most this share changes up to this magnitude. "max_differences", at most this share of
    the images is named otherwise than by the model `reference`. "monotone", from no level to a stronger one does accuracy
    rise by more. "mean_error", errors summed over levels, beside those of the model `reference`, averaged over kinds of
    noise, are at most this. "break_point", up to this magnitude accuracy stays at or above the share `of_clean` of clean
    accuracy.
    seed: of the noise, where it is not the file's. classes: the only ones that count; all where empty.
    waived_until, reason: up to the end of that day the limit may be broken, and why.
    apart: what follows its name where another limit of the file has it too.
    """

    model: str
    noise: Noise
    asks: Asks
    required: Decimal
    place: str
    seed: int | None = None
    classes: tuple[str, ...] = ()
    levels: tuple[Noise, ...] = ()
    reference: str | None = None
    of_clean: Decimal | None = None
    waived_until: date | None = None
    reason: str | None = None
    apart: str = ""

    @property
    def noises(self) -> tuple[Noise, ...]:
        return (self.noise, *self.levels)

    @property
    def details(self) -> dict[str, str]:
        """What may tell it from another limit on the same subject."""
        if len({level.family for level in self.levels}) == 1:
            levels = ",".join(f"{level.level:.15g}" for level in self.levels)
        else:
            levels = " to ".join(map(str, self.levels[:: max(1, len(self.levels) - 1)]))
        return {
            "levels": levels,
            "reference": self.reference or "",
            "of_clean": "" if self.of_clean is None else str(self.of_clean),
            "waived_until": "" if self.waived_until is None else self.waived_until.isoformat(),
        }

    @property
    def is_plain(self) -> bool:
        """Whether it is about accuracy on all images, under the file's seed."""
        return self.asks == "accuracy" and self.seed is None and not self.classes

    @property
    def subject(self) -> str:
        """The noise, and what else tells this limit from others on the model."""
        noise = str(self.noise)
        if self.levels:
            families = {level.family for level in self.levels}
            noise = f"{self.levels[0]} to {noise}" if len(families) == 1 else f"{len(self.levels)} noises"
        classes = re.sub(r"[^a-z0-9]+", "_", ",".join(self.classes).lower())
        parts = [noise, "" if self.asks == "accuracy" else self.asks, classes, "" if self.seed is None else f"seed{self.seed}"]
        return "-".join(filter(None, parts)) + self.apart

    def __str__(self) -> str:
        return f"{self.model}-{self.subject}"
