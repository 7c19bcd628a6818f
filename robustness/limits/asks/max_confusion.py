"""max_confusion: of the images of the class `confusion.from`, at most this share is classified as `confusion.to`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from robustness.declaration.tables import Table
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.asks.share import judge_share, some_of


class ConfusionTable(Table):
    model_config = ConfigDict(extra="forbid", strict=True)

    from_: str = Field(alias="from")
    to: str


class MaxConfusion(Ask):
    name = "max_confusion"
    kept_by_dead = True
    at_most = True
    more: ClassVar = {"confusion": (ConfusionTable | None, None)}
    needs = "confusion"
    takes = ("group", "over_seeds")
    of_population = is_share = True

    def asked(self, table: Mapping[str, Any]) -> Any:
        """None at all, where no share is given."""
        return table.get(self.name, 0 if "confusion" in table else None)

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        confusion = written.table.get("confusion", {})
        if confusion and confusion["from"] == confusion["to"]:
            yield "confusion", f"{confusion['to']!r} taken for itself is no confusion: name two classes"

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"classes": (table["confusion"]["from"],), "taken_for": table["confusion"]["to"]}

    def judge(self, measured: Measured) -> Found:
        """Given how many images are of the class, each is a draw from that class: the bounds are those of a proportion."""
        limit, (result, images) = measured.limit, measured.part
        (name,), other = limit.classes, limit.taken_for or ""
        label, taken_for = images.number_of(name), images.number_of(other)
        share = some_of(
            result.predictions == taken_for,
            images,
            images.labels == label,
            f"{name!r} taken for {other!r}",
            f"{images.name} has no image of {name!r}, so what it is taken for was not measured",
        )
        return judge_share(share, limit.required, measured.bench.thresholds.scope, at_most=True)
