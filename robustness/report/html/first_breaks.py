"""The level of each noise at which each model breaks its limits on accuracy for the first time."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.limits.record import LimitRecord
from robustness.report.results import Results
from robustness.statistics.verdict import Verdict


@dataclass(frozen=True)
class FirstBreak:
    """One model under one kind of noise, at the levels that have limits on accuracy; clean is a kind with one level."""

    model: str
    family: str
    limit: LimitRecord  # the first that failed, else the first that is undecided, else the last
    undecided_from: LimitRecord | None  # the first that is undecided, where it comes before
    severity: float  # 1 where that is the lowest level, less the later it is, 0 where all are kept

    @property
    def words(self) -> str:
        waived = " (waived)" if self.limit.waived_until and not self.limit.stops else ""
        match self.limit.verdict:
            case Verdict.FAIL:
                return f"fails{_at(self.limit)}{waived}"
            case Verdict.INCONCLUSIVE:
                return f"undecided{_at(self.limit)}{waived}"
        return "kept" if self.limit.level is None else f"kept up to {self.limit.level:g}"

    @property
    def besides(self) -> str:
        """The accuracy there, and what came before."""
        before = f", undecided{_at(self.undecided_from)}" if self.undecided_from else ""
        return f"{100 * self.limit.accuracy:.1f} %{before}"


def first_breaks(results: Results) -> list[FirstBreak]:
    """By model and kind of noise, in the order of the thresholds file; limits that were waived count as broken all the same."""
    found: dict[tuple[str, str], list[LimitRecord]] = {}
    for limit in results.limits:
        if limit.is_plain:
            found.setdefault((limit.model, limit.family), []).append(limit)
    return [_first(limits) for limits in found.values()]


def _first(limits: list[LimitRecord]) -> FirstBreak:
    ordered = sorted(limits, key=lambda limit: limit.distance)
    failed, undecided = (
        next((limit for limit in ordered if limit.verdict is verdict), None) for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
    )
    first = failed or undecided
    before = undecided if failed and undecided and ordered.index(undecided) < ordered.index(failed) else None
    return FirstBreak(
        model=ordered[-1].model,
        family=ordered[-1].family,
        limit=first or ordered[-1],
        undecided_from=before,
        severity=round(1 - ordered.index(first) / len(ordered), 3) if first else 0.0,
    )


def _at(limit: LimitRecord) -> str:
    return "" if limit.level is None else f" from {limit.magnitude} {limit.level:g}"
