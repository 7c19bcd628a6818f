"""top_k: of at least this share of the images the own class is among the `k` that the network gives the largest logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from robustness.data.image_set import MOST_CLASSES
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.asks.share import Share, judge_share
from robustness.limits.limit import Limit
from robustness.models.class_map import without_outside


class TopK(Ask):
    name = "top_k"
    more: ClassVar = {"k": (Annotated[int, Field(ge=1, lt=MOST_CLASSES)] | None, None)}
    kept_by_dead = True  # by 9 of 10 classes
    needs = "k"
    takes = ("group", "over_seeds")
    is_trained_for = True
    of_population = is_share = scored = True

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"k": table["k"]}

    def shows_life(self, limit: Limit) -> bool:
        return limit.group is None  # how many classes there are is known where it is measured, and that one was all

    def label(self, limit: Limit) -> str:
        return f"top_{limit.k}"

    def judge(self, measured: Measured) -> Found:
        limit, bench, (scores, images) = measured.limit, measured.bench, measured.scored
        k, class_map = limit.k or 0, bench.classifier(limit.model).class_map
        classes = len(without_outside(images.class_names))
        if class_map is not None and class_map.open:  # the network's own classes compete too, as many as are known of
            classes = max(number for _, number in class_map.logits) + 1
        if k >= classes:
            raise RobustnessError(f"{limit.place}: k = {k} of {classes} classes: any network has the own class among them")
        hits = (scores.ranks >= 1) & (scores.ranks <= k)
        return judge_share(Share(hits, images, f"top-{k} accuracy"), limit.required, bench.thresholds.scope)
