"""The level of each noise at which each model breaks its limits for the first time."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.limits.record import LimitRecord
from robustness.report.results import Results
from robustness.statistics.verdict import Verdict


@dataclass(frozen=True)
class FirstBreak:
    """One model under one kind of noise, at the levels that have limits on accuracy."""

    model: str
    family: str
    magnitude: str | None
    level: float | None  # the first that does not keep its limit; None where all do
    highest: float | None  # where the levels end
    severity: float  # 1 where that is the lowest level, less the later it is, 0 where there is none
    lost: float  # by how much accuracy is too low there
    undecided: bool  # whether it is not shown to break its limit either

    @property
    def words(self) -> str:
        if self.level is None:
            return f"holds to {self.highest:g}"
        return f"{self.magnitude} {self.level:g}{' (undecided)' if self.undecided else ''}"


def first_breaks(results: Results) -> list[FirstBreak]:
    """By model and kind of noise, in the order of the thresholds file; limits that were waived count as broken all the same."""
    found: dict[tuple[str, str], list[LimitRecord]] = {}
    for limit in results.limits:
        if limit.is_plain and limit.level is not None:
            found.setdefault((limit.model, limit.family), []).append(limit)
    return [_first(limits) for limits in found.values()]


def _first(limits: list[LimitRecord]) -> FirstBreak:
    ordered = sorted(limits, key=lambda limit: limit.distance)
    places = [place for place, limit in enumerate(ordered) if limit.verdict is not Verdict.PASS]
    first, last = ordered[places[0]] if places else None, ordered[-1]
    return FirstBreak(
        model=last.model,
        family=last.family,
        magnitude=last.magnitude,
        level=first.level if first else None,
        highest=last.level,
        severity=round(1 - places[0] / len(ordered), 3) if places else 0.0,
        lost=float(first.required) - first.accuracy if first else 0.0,
        undecided=first is not None and first.verdict is not Verdict.FAIL,
    )


def in_a_sentence(found: list[FirstBreak]) -> str:
    """Which noise breaks each model first, and at what magnitude; empty where no noise has limits.

    Magnitudes of different noises do not compare, so first is what breaks at the earliest of its levels, and of several such
    what falls furthest below its limit.
    """
    breaks: dict[str, list[FirstBreak]] = {}
    for one in found:
        breaks.setdefault(one.model, []).append(one)
    told = []
    for model, of_model in breaks.items():
        first = max(of_model, key=lambda one: (one.severity, one.lost))
        if first.level is not None:
            told.append(f"{model} breaks first under {first.family}, at {first.words}")
    holding = [model for model, of_model in breaks.items() if all(one.level is None for one in of_model)]
    if holding:
        told.append(f"no noise measured breaks {' or '.join(holding)}")
    return f"{'; '.join(told)}." if told else ""
