"""precision: of the images classified as `class`, at least this share is of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.asks.share import judge_share, some_of


class Precision(Ask):
    name = "precision"
    kept_by_dead = True
    needs = "class"
    takes = ("class", "group", "over_seeds")
    is_trained_for = True
    of_population = is_share = True

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"classes": (table["class"],)}

    def judge(self, measured: Measured) -> Found:
        """Given how many images are classified so, each is a draw from those that are: the bounds are those of a proportion."""
        limit, (result, images) = measured.limit, measured.part
        (name,) = limit.classes
        label = images.number_of(name)
        if not (images.labels == label).any():
            raise RobustnessError(f"{images.name} has no image of {name!r}, so its precision was not measured")
        share = some_of(
            result.predictions == images.labels,
            images,
            result.predictions == label,
            f"precision of {name!r}",
            f"no image is classified as {name!r}, so its precision was not measured",
        )
        return judge_share(share, limit.required, measured.bench.thresholds.scope)
