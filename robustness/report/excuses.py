"""Limits that are not kept and do not stop the release, and those that are undecided and do: each kind apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robustness.limits.record import LimitRecord
from robustness.report.results import Results
from robustness.statistics.verdict import Verdict


class Excuse(StrEnum):
    """In the order in which they are shown."""

    WAIVED = "waived: may be broken up to a day"
    WARNS = "undecided, and the thresholds file lets it pass"
    STOPS = "undecided, and stops the release"
    NEEDLESS = "waived, and kept all the same"


@dataclass(frozen=True)
class Excused:
    """One limit, and why it is here."""

    excuse: Excuse
    limit: LimitRecord

    @property
    def words(self) -> str:
        """Why it is waived, or what would decide it."""
        if self.limit.waiver is not None:
            return self.limit.waiver
        return self.limit.reason if self.limit.to_decide is None else f"about {self.limit.to_decide:,} images would decide"


def excuse_of(limit: LimitRecord) -> Excuse | None:
    """None of what is kept without a waiver, and of what failed and stops the release."""
    if limit.waived_until is not None and not limit.stops:
        return Excuse.NEEDLESS if limit.verdict is Verdict.PASS else Excuse.WAIVED
    if limit.verdict is Verdict.INCONCLUSIVE:
        return Excuse.STOPS if limit.stops else Excuse.WARNS
    return None


def excused(results: Results) -> dict[Excuse, list[Excused]]:
    """Kind by kind; those that there are."""
    found = [Excused(excuse, limit) for limit in results.limits if (excuse := excuse_of(limit))]
    by_kind = {excuse: [one for one in found if one.excuse is excuse] for excuse in Excuse}
    return {excuse: group for excuse, group in by_kind.items() if group}
