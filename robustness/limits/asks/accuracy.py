"""accuracy: at least this share of the images is classified correctly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.limits.asks.ask import Ask, Found, Measured, Written
from robustness.limits.asks.share import bounds as bounds_of
from robustness.limits.limit import Limit
from robustness.statistics.sequential import Bernoulli, FinitePopulation
from robustness.statistics.verdict import needed

if TYPE_CHECKING:
    from robustness.data import ImageSet
    from robustness.evaluation.evaluate import Enough, Measurement
    from robustness.gate.workbench import Workbench

EARLY_ERROR = 1e-6
"""How likely stopping early may change the verdict of a case about its test set."""


class Accuracy(Ask):
    name = "accuracy"
    is_trained_for = True
    more: ClassVar = {"classes": (Annotated[list[str], Field(min_length=1)], [])}
    takes = ("group", "over_seeds")
    of_population = is_counted = is_share = True

    def problems(self, written: Written) -> Iterator[tuple[str, str]]:
        classes = written.table.get("classes", ())
        if len(set(classes)) < len(classes):
            yield "classes", "names a class twice"

    def fields(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"classes": tuple(table.get("classes", ()))}

    def measure(self, limit: Limit, bench: Workbench, enough: Enough | None = None) -> Measured:
        """As far as its stopping rule wants, where there is one; if some images count, the part that is about them."""
        if limit.classes or limit.group is not None:
            measured = super().measure(limit, bench)
            part = [_of_part(one, bench.images, limit) for one in measured.cases]
            return replace(measured, cases=part, whole=measured.cases)
        rule = stopping_rule(bench.thresholds.scope, limit.required, bench.images)
        if rule is not None:
            return super().measure(limit, bench, lambda right, seen: rule.decide(right, seen) is not None)
        return super().measure(limit, bench)

    def judge(self, measured: Measured) -> Found:
        limit, bench = measured.limit, measured.bench
        images = bench.images.take(_counting(bench.images, limit)) if limit.classes or limit.group is not None else bench.images
        return judge_accuracy(measured.cases[0], images, limit.required, bench.thresholds.scope)

    def again(self, limit: Limit, found: Found) -> tuple[str, str]:
        narrowed = limit.classes or limit.seeds or limit.group is not None
        return super().again(limit, found) if narrowed else (f"evaluate {limit.model}", f'--noise "{limit.noise}"')


def stopping_rule(scope: Scope, accuracy: Decimal, images: ImageSet) -> FinitePopulation | Bernoulli | None:
    """What says after each batch whether the limit is kept, or None to go on; no rule where every image is evaluated."""
    if not scope.early:
        return None
    if scope.about == "test-set":
        return FinitePopulation(len(images), needed(accuracy, len(images)), EARLY_ERROR)
    if sampling_of(scope, images).tracks is None and scope.design_effect is None and 0 < accuracy < 1:
        return Bernoulli(float(accuracy), 1 - scope.confidence)
    return None  # no sequential test is known for clusters


def judge_accuracy(measurement: Measurement, images: ImageSet, accuracy: Decimal, scope: Scope) -> Found:
    """Whether the measurement shows that the accuracy is kept, in the sense of the scope."""
    rule = stopping_rule(scope, accuracy, images)
    decided = next((said for look in measurement.looks if (said := rule.decide(*look)) is not None), None) if rule else None
    seen, total, value = measurement.seen, measurement.total, measurement.accuracy
    if scope.about == "test-set":
        if decided is None and seen < total:
            raise RobustnessError(f"{measurement.case}: {seen} of {total} images decide nothing")
        count, of_all = needed(accuracy, total), f" of {total:,}" if seen < total else ""
        kept = measurement.right >= count if seen == total else decided  # no test overrules what was counted
        words = f"{counted(measurement)}, the limit {accuracy} asks for {count:,}{of_all}"
        return Found(value, kept, words, exact=Fraction(measurement.right, seen))
    low = high = more = None
    if rule is not None:  # bounds would hold for a number of images fixed beforehand
        kept, bounds = decided, "tested after each batch"
    elif seen < total:
        raise RobustnessError(f"{measurement.case}: {seen} of {total} images were evaluated")
    else:
        low, high, more = bounds_of(measurement.result.predictions == images.labels, images, float(accuracy), scope)
        kept = True if low >= float(accuracy) else False if high < float(accuracy) else None
        bounds = f"the population's lies above {low:.4f}, and below {high:.4f}, each"
    decision = {True: "so it keeps", False: "so it is below", None: "which does not decide on"}[kept]
    more = more if kept is None else None
    words = f"{counted(measurement)}; {bounds} at {100 * scope.confidence:g} % confidence, {decision} the limit {accuracy}"
    words += f"; about {more:,} images would" if more else ""
    return Found(value, kept, words, low=low, high=high, to_decide=more)


def counted(measurement: Measurement) -> str:
    """The accuracy in words."""
    early = f" (stopped early, of {measurement.total:,})" if measurement.seen < measurement.total else ""
    return f"accuracy {measurement.accuracy:.4f}: {measurement.right:,} of {measurement.seen:,} right{early}"


def _of_part(measurement: Measurement, images: ImageSet, limit: Limit) -> Measurement:
    """The part of a measurement that is about the images that count."""
    counting = np.flatnonzero(_counting(images, limit))
    result = measurement.result.take(counting)
    looks = [(result.right(images.labels[counting]), len(counting))]
    return replace(measurement, result=result, looks=looks, total=len(counting))


def _counting(images: ImageSet, limit: Limit) -> npt.NDArray[np.bool_]:
    """Where an image is of the limit's classes and group: bool of shape (N,)."""
    labels = [images.number_of(name) for name in limit.classes]
    counting, where = np.ones(len(images), bool), ""
    if limit.group is not None:
        counting, where = images.is_of_group(limit.group), f" in group {limit.group!r}"
    present = set(images.labels[counting].tolist())
    if missing := [name for name, label in zip(limit.classes, labels, strict=True) if label not in present]:
        raise RobustnessError(f"{images.name} has no image of {', '.join(missing)}{where}, so its accuracy was not measured")
    return counting & np.isin(images.labels, labels) if labels else counting
