"""A limit: one promise about a model, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from robustness.declaration.names import slug
from robustness.declaration.places import KeyPath
from robustness.noise import Noise

if TYPE_CHECKING:
    from robustness.limits.asks.ask import Ask


@dataclass(frozen=True)
class Limit:
    """One promise about a model, and one thing that it asks."""

    model: str
    noise: Noise  # that it is made under; the last of `levels` where it is made about several
    asks: str  # one of `robustness.limits.asks.ASKS`
    required: Decimal
    place: str
    key: KeyPath = ()  # of what is required, in the file
    seed: int | None = None  # of the noise, where it is not the file's
    classes: tuple[str, ...] = ()  # the only ones that count; all where empty
    taken_for: str | None = None  # the class that theirs is not to be confused with
    k: int | None = None  # places that the own class may have
    group: str | None = None  # the one whose images alone count
    seeds: tuple[int, ...] = ()  # of which the mean or a quantile is asked, in place of `seed`
    over_seeds: str = ""  # "mean" or the quantile, as it is written
    levels: tuple[Noise, ...] = ()
    reference: str | None = None  # the model that it is held against
    of_clean: Decimal | None = None  # a share of accuracy without noise
    waived_until: date | None = None  # up to the end of that day it may be broken
    reason: str | None = None  # why it may
    apart: str = ""  # what follows its id where another limit of the file has it too

    @property
    def ask(self) -> Ask:
        from robustness.limits.asks import ASKS

        return ASKS[self.asks]

    @property
    def about(self) -> tuple[str, ...]:
        return (self.model,)

    @property
    def models(self) -> tuple[str, ...]:
        """All that it speaks of, its own first."""
        return (self.model,) if self.reference is None else (self.model, self.reference)

    @property
    def noises(self) -> tuple[Noise, ...]:
        return (self.noise, *self.levels)

    @property
    def details(self) -> dict[str, str]:
        """What may tell it from another limit on the same subject."""
        if len({level.family for level in self.levels}) == 1 and self.noise.level is not None:
            levels = ",".join(f"{level.level:.15g}" for level in self.levels)
        else:
            levels = " to ".join(map(str, self.levels[:: max(1, len(self.levels) - 1)]))
        return {
            "levels": levels,
            "reference": self.reference or "",
            "of_clean": "" if self.of_clean is None else str(self.of_clean),
            "seeds": ",".join(map(str, self.seeds)),
            "waived_until": "" if self.waived_until is None else self.waived_until.isoformat(),
        }

    @property
    def identity(self) -> list[object]:
        noises = [str(noise) for noise in self.noises]
        *details, seeds = self.details.values()
        more = {"taken_for": self.taken_for, "k": self.k, "group": self.group, "over_seeds": self.over_seeds, "seeds": seeds}
        of_later = {key: value for key, value in more.items() if value}  # so that ids that users have stay
        return [self.model, noises, self.asks, self.seed, self.classes, *details, *([of_later] if of_later else [])]

    @property
    def is_plain(self) -> bool:
        """Whether it is about accuracy on all images, under the file's seed."""
        narrowed = self.classes or self.seeds or self.group is not None
        return self.ask.is_counted and self.seed is None and not narrowed

    @property
    def scored(self) -> bool:
        """Whether it is measured by ranks or probabilities."""
        return self.ask.scored

    @property
    def subject(self) -> str:
        """The noise, and what else tells this limit from others on the model."""
        noise = str(self.noise)
        if self.levels:
            families = {level.family for level in self.levels}
            noise = f"{self.levels[0]} to {noise}" if len(families) == 1 else f"{len(self.levels)} noises"
        parts = [
            noise,
            self.ask.label(self),
            slug(self.classes),
            "" if self.taken_for is None else f"for-{slug([self.taken_for])}",
            "" if self.group is None else f"group-{slug([self.group])}",
            "" if self.seed is None else f"seed{self.seed}",
            f"{self.over_seeds}-of-{len(self.seeds)}-seeds" if self.seeds else "",
        ]
        return "-".join(filter(None, parts)) + self.apart

    def __str__(self) -> str:
        return f"{self.model}-{self.subject}"
