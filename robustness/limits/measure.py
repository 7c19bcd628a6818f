"""A limit held against a measurement: the outcome, in plain values and in words."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR
from typing import Any

import numpy as np

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.baseline import read_baseline
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.gate.thresholds import Thresholds
from robustness.limits.findings import find
from robustness.limits.flips import max_flips, search_to_decide
from robustness.limits.judge import Judgement, judge
from robustness.limits.limit import Limit
from robustness.search.critical import COARSE, Search
from robustness.statistics.paired import Change, broken_places, drop_interval, excess_p_value, mended_places
from robustness.statistics.verdict import Verdict, needed

SHOWN = 50
"""Newly wrong, and newly right, images that an outcome names."""


@dataclass(frozen=True)
class Outcome:
    """One limit, measured. Every field is a plain value, fit for JSON.

    limit: the limit's id. subject: that without the model. is_plain: whether it is about accuracy on all images, under the
    file's seed. asks, required: what of, as written. needed: the images of the test set that are an accuracy asked for.
    value: what was measured, in the units of `required`; words: the same in words, where it is not just counted.
    change: what changed since the baseline, where a drop is limited. details: what else there is to show.
    family, magnitude, level, identity: the noise without its magnitude, the magnitude's name and value, and the value that
    leaves images as they are. bit_identical: whether the noise is the same on every machine.
    right, seen, total: images named right, of those evaluated, of the set's. accuracy: right / seen.
    claim, confidence, low, high, to_decide: `robustness.limits.judge`. stops: whether it stops the release.
    waived_until, waiver: up to when it does not, and why. reason: all in words.
    key: the case's hash in the store. size, fit: of the network's input, and how images came to it. repeat: the command that
    measures the same again.
    """

    limit: str
    place: str
    model: str
    data: str
    subject: str
    is_plain: bool
    noise: str
    family: str
    magnitude: str | None
    level: float | None
    identity: float | None
    bit_identical: bool
    seed: int
    asks: str
    required: str
    needed: int
    value: float
    words: str | None
    change: dict[str, Any] | None
    details: dict[str, Any] | None
    right: int
    seen: int
    total: int
    accuracy: float
    claim: str
    confidence: float | None
    low: float | None
    high: float | None
    to_decide: int | None
    verdict: str
    stops: bool
    waived_until: str | None
    waiver: str | None
    key: str
    model_hash: str
    size: int | None
    fit: str | None
    stored: bool
    seconds: float
    repeat: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"reason": self.reason()}

    def explain(self) -> str:
        """The failure message."""
        return f"{self.place} {self.model} {self.subject}\n  {self.reason()}\n  repeat: {self.repeat}"

    def reason(self) -> str:
        """What was measured, beside what the limit asks for."""
        return self._measured() + self._waived()

    def _waived(self) -> str:
        if self.waived_until is None:
            return ""
        if self.stops:
            return f"; the waiver expired on {self.waived_until} ({self.waiver}): mend the model, or take the waiver out"
        return f"; waived until {self.waived_until}: {self.waiver}"

    def _measured(self) -> str:
        if self.words is not None:
            return self.words
        measured = f"accuracy {self.accuracy:.4f}: {self.right:,} of {self.seen:,} right"
        if self.seen < self.total:
            measured += f" (stopped early, of {self.total:,})"
        if self.change is not None:
            return f"{measured}; {_change_in_words(self.change)}; the limit allows a drop of {self.required}"
        if self.claim == "test-set":
            of_all = f" of {self.total:,}" if self.seen < self.total else ""
            return f"{measured}, the limit {self.required} asks for {self.needed:,}{of_all}"
        confidence = f"{100 * (self.confidence or 0):g} % confidence"
        if self.low is None or self.high is None:
            bounds = f"tested after each batch at {confidence}"
        else:
            bounds = f"the population's lies above {self.low:.4f}, and below {self.high:.4f}, each at {confidence}"
        decision = {
            Verdict.PASS: f"so it keeps the limit {self.required}",
            Verdict.FAIL: f"so it is below the limit {self.required}",
            Verdict.INCONCLUSIVE: f"which does not decide on the limit {self.required}",
        }[Verdict(self.verdict)]
        more = f"; about {self.to_decide:,} images would" if self.to_decide else ""
        return f"{measured}; {bounds}, {decision}{more}"


def check(
    limit: Limit,
    measured: Sequence[Measurement],
    image_set: ImageSet,
    thresholds: Thresholds,
    node_id: str,
    search: Callable[[int], Search] | None = None,
) -> Outcome:
    """The outcome of a limit, given the measurements of its cases (`robustness.limits.findings.cases`).

    search: up to the limit's noise, by its stride; where the limit is about flips.
    """
    measurement, claim = measured[0], thresholds.scope
    about: str = claim.about if limit.asks in ("accuracy", "max_drop") else "test-set"
    change, words, value, details, searched = None, None, None, None, None
    if limit.asks == "accuracy":
        part, images = _of_classes(measurement, image_set, limit.classes) if limit.classes else (measurement, image_set)
        judgement, measurement = judge(part, images, limit.required, claim), part
    elif limit.asks == "max_drop":
        change = _change(measurement, image_set, limit, thresholds)
        value = change["drop"]
        judgement = Judgement(
            Verdict.PASS if change["broken"] - change["mended"] <= change["allowed"] else Verdict.INCONCLUSIVE
        )
    else:
        if search is not None and limit.asks == "max_flips":
            searched = search_to_decide(search, limit.required)
            finding = max_flips(searched, image_set, claim, limit.noise, limit.required)
        else:
            finding = find(limit, measured, image_set)
        words = finding.words if claim.about == about else f"on this test set, {finding.words}"
        value, details = finding.value, finding.details
        judgement = Judgement(Verdict.PASS if finding.kept else Verdict.FAIL)
    spent: list[Measurement | Search] = [*measured, *filter(None, [searched])]
    verdict = judgement.verdict
    expired = limit.waived_until is not None and date.today() > limit.waived_until
    waived = limit.waived_until is not None and not expired
    excused = waived or (verdict is Verdict.INCONCLUSIVE and thresholds.warn)
    return Outcome(
        limit=str(limit),
        place=limit.place,
        model=limit.model,
        data=measurement.case.data,
        subject=limit.subject,
        is_plain=limit.is_plain,
        noise=str(limit.noise),
        family=limit.noise.family,
        magnitude=limit.noise.magnitude,
        level=limit.noise.level,
        identity=limit.noise.identity,
        bit_identical=limit.noise.bit_identical,
        seed=measurement.case.seed,
        asks=limit.asks,
        required=str(limit.required),
        needed=needed(limit.required, measurement.total),
        value=measurement.accuracy if value is None else value,
        words=words,
        change=change,
        details=details,
        right=measurement.right,
        seen=measurement.seen,
        total=measurement.total,
        accuracy=measurement.accuracy,
        claim=about,
        confidence=claim.confidence if about == "population" or change else None,
        low=judgement.low,
        high=judgement.high,
        to_decide=judgement.to_decide,
        verdict=Verdict.FAIL.value if expired else verdict.value,
        stops=expired or (verdict is not Verdict.PASS and not excused),
        waived_until=None if limit.waived_until is None else limit.waived_until.isoformat(),
        waiver=limit.reason,
        key=measurement.case.key,
        model_hash=measurement.case.model_hash,
        size=measurement.fit.size if measurement.fit else None,
        fit=measurement.fit.kind if measurement.fit else None,
        stored=all(one.stored for one in spent),
        seconds=round(sum(one.seconds for one in spent), 3),
        repeat=repeat_command(limit, thresholds, node_id, searched),
    )


def _of_classes(measurement: Measurement, image_set: ImageSet, classes: Sequence[str]) -> tuple[Measurement, ImageSet]:
    """The part of a measurement that is about some classes."""
    part_set = image_set.only(*classes)
    places = np.flatnonzero(np.isin(image_set.labels, np.unique(part_set.labels)))
    result = Result(measurement.result.predictions[places], measurement.result.margins[places])
    right = int((result.predictions == image_set.labels[places]).sum())
    part = replace(measurement, result=result, looks=[(right, len(places))], total=len(places))
    return part, part_set


def _change(measurement: Measurement, image_set: ImageSet, limit: Limit, thresholds: Thresholds) -> dict[str, Any]:
    """What changed since the baseline, on the same images under the same noise. allowed: images that may be lost."""
    if thresholds.baseline is None:
        raise RobustnessError(f"{thresholds.file}: no baseline to measure a drop from")
    before = read_baseline(thresholds.baseline).predictions(measurement.case)
    after = measurement.result.predictions
    change = Change.from_predictions(before, after, image_set.labels)
    low, high = drop_interval(change, 1 - thresholds.scope.confidence)
    return {
        "baseline": thresholds.baseline.name,
        "right_before": int((before == image_set.labels).sum()),
        "broken": change.broken,
        "mended": change.mended,
        "allowed": int((limit.required * change.total).to_integral_value(ROUND_FLOOR)),
        "drop": change.drop,
        "low": low,
        "high": high,
        "p_value": excess_p_value(change, float(limit.required)) if limit.required < 1 else 1.0,
        "broken_images": image_set.index[broken_places(before, after, image_set.labels)][:SHOWN].tolist(),
        "mended_images": image_set.index[mended_places(before, after, image_set.labels)][:SHOWN].tolist(),
    }


def _change_in_words(change: dict[str, Any]) -> str:
    return (
        f"a drop of {change['drop']:.4f} from {change['baseline']} ({change['low']:.4f} to {change['high']:.4f}): "
        f"{change['broken']:,} images newly wrong, {change['mended']:,} newly right, p = {change['p_value']:.2g}"
    )


def repeat_command(limit: Limit, thresholds: Thresholds, node_id: str, searched: Search | None = None) -> str:
    """The command that measures a limit's case again: the test itself where the model lives in a pytest fixture."""
    compared = [limit.reference] if limit.asks == "max_differences" and limit.reference else []
    if any(thresholds.models[name].load == "fixture" for name in (limit.model, *compared)):
        return f"pytest {shlex.quote(node_id)}"
    file = shlex.quote(os.path.relpath(thresholds.file))
    seed = "" if limit.seed is None else f" --seed {limit.seed}"
    if limit.asks == "max_flips":
        every = f" --every {searched.of.stride}" if searched is not None and searched.of.stride != COARSE else ""
        return f'robustness flips search {limit.model} --thresholds {file} --noise "{limit.noise}"{seed}{every}'
    if limit.asks == "worst_band":
        return f"robustness waves {limit.model} --thresholds {file} --amplitude {limit.noise.level:g}{seed}"
    if compared:
        return f'robustness compare {limit.reference} {limit.model} --thresholds {file} --noise "{limit.noise}"{seed}'
    return f'robustness evaluate {limit.model} --thresholds {file} --noise "{limit.noise}"{seed}'
