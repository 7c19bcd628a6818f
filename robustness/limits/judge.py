"""From a measurement to a verdict: does it prove what the limit claims?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from robustness.data import ImageSet
from robustness.declaration.scope import Scope, sampling_of
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import Measurement
from robustness.limits.limit import Limit
from robustness.statistics.intervals import (
    cluster_bounds,
    cluster_images_to_decide,
    effective,
    images_to_decide,
    lower_bound,
    upper_bound,
)
from robustness.statistics.sequential import Bernoulli, FinitePopulation
from robustness.statistics.verdict import Verdict, needed

EARLY_ERROR = 1e-6
"""How likely stopping early may change the verdict of a case about its test set."""


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reasons.

    low, high: one-sided bounds of the population's accuracy, each at the claim's confidence; None where none is claimed, or
    where measuring stopped early.
    to_decide: how many images, in all, would decide an INCONCLUSIVE verdict if the share of right ones stayed as it is.
    """

    verdict: Verdict
    low: float | None = None
    high: float | None = None
    to_decide: int | None = None


class StoppingRule(Protocol):
    """Looked at after each batch: True, the limit is kept; False, it is not; None, go on."""

    def decide(self, right: int, seen: int) -> bool | None: ...


def stopping_rule(claim: Scope, limit: Limit, image_set: ImageSet) -> StoppingRule | None:
    """When a limit's case need not be evaluated further; None where every image is."""
    return _rule(claim, limit.required, image_set) if limit.asks == "accuracy" and not limit.classes else None


def _rule(claim: Scope, accuracy: Decimal, image_set: ImageSet) -> StoppingRule | None:
    if not claim.early:
        return None
    if claim.about == "test-set":
        return FinitePopulation(len(image_set), needed(accuracy, len(image_set)), EARLY_ERROR)
    if sampling_of(claim, image_set).tracks is None and claim.design_effect is None and 0 < accuracy < 1:
        return Bernoulli(float(accuracy), 1 - claim.confidence)
    return None  # no sequential test is known for clusters


def judge(measurement: Measurement, image_set: ImageSet, accuracy: Decimal, claim: Scope) -> Judgement:
    """Whether the measurement shows that the accuracy is kept, in the sense of the claim."""
    rule = _rule(claim, accuracy, image_set)
    decided = next((said for look in measurement.looks if (said := rule.decide(*look)) is not None), None) if rule else None
    if claim.about == "test-set":
        if decided is None and measurement.seen < measurement.total:
            raise RobustnessError(f"{measurement.case}: {measurement.seen} of {measurement.total} images decide nothing")
        complete = measurement.seen == measurement.total  # then the count itself is known, and no test overrules it
        kept = measurement.right >= needed(accuracy, measurement.total) if complete else decided
        return Judgement(Verdict.PASS if kept else Verdict.FAIL)
    return _judge_population(measurement, image_set, float(accuracy), claim, rule, decided)


def _judge_population(
    measurement: Measurement,
    image_set: ImageSet,
    accuracy: float,
    claim: Scope,
    rule: StoppingRule | None,
    decided: bool | None,
) -> Judgement:
    if rule is not None:  # the bounds below hold for a number of images fixed beforehand
        verdicts = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.INCONCLUSIVE}
        return Judgement(verdicts[decided])
    if measurement.seen < measurement.total:
        raise RobustnessError(f"{measurement.case}: {measurement.seen} of {measurement.total} images were evaluated")
    alpha = 1 - claim.confidence
    right = measurement.result.predictions == image_set.labels
    sampling = sampling_of(claim, image_set)
    if sampling.tracks is not None:
        low, high = cluster_bounds(right, sampling.tracks, alpha)
        more = cluster_images_to_decide(right, sampling.tracks, accuracy, alpha)
    else:
        counts = effective(measurement.right, measurement.total, sampling.design_effect)
        low, high = lower_bound(*counts, alpha), upper_bound(*counts, alpha)
        independent = images_to_decide(*counts, accuracy, alpha)
        more = None if independent is None else round(independent * sampling.design_effect)
    if low >= accuracy or high < accuracy:
        return Judgement(Verdict.PASS if low >= accuracy else Verdict.FAIL, low, high)
    return Judgement(Verdict.INCONCLUSIVE, low, high, more)
