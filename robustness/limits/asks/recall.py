"""recall: of the images of `class`, at least this share is classified as it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.asks.share import judge_share, some_of


class Recall(Ask):
    name = "recall"
    kept_by_dead = True
    needs = "class"
    takes = ("class", "group", "over_seeds")
    is_trained_for = True
    of_population = is_share = True

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"classes": (table["class"],)}

    def judge(self, measured: Measured) -> Found:
        """Given how many images are of the class, each is a draw from that class: the bounds are those of a proportion."""
        limit, (result, images) = measured.limit, measured.part
        (name,) = limit.classes
        label = images.number_of(name)
        share = some_of(
            result.predictions == images.labels,
            images,
            images.labels == label,
            f"recall of {name!r}",
            f"{images.name} has no image of {name!r}, so its recall was not measured",
        )
        return judge_share(share, limit.required, measured.bench.thresholds.scope)
