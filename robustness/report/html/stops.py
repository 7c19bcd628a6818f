"""What stops the release, grouped: one card for each model and kind of noise, however many levels of it are broken."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.gate.promise import Record
from robustness.limits.record import LimitRecord
from robustness.report.results import Results
from robustness.statistics.verdict import Verdict

SHOWN = 10
"""Cards, and lines of one, before the rest is folded."""


@dataclass(frozen=True)
class Group:
    """What stops the release of one model under one kind of noise; of other kinds of promises, one each."""

    title: str
    records: tuple[Record, ...]  # what failed first

    @property
    def marked(self) -> bool:
        """Whether noise is in it whose bytes are not promised."""
        return any(record.row and not record.row.bit_identical for record in self.records)


def stopping_groups(results: Results) -> list[Group]:
    """In the order of the thresholds file, those with a failure first."""
    found: dict[str, list[Record]] = {}
    for record in results.stopping:
        key = f"{record.model} under {record.family}" if isinstance(record, LimitRecord) else record.name
        found.setdefault(key, []).append(record)
    groups = [_group(key, records) for key, records in found.items()]
    return sorted(groups, key=lambda group: group.records[0].verdict is not Verdict.FAIL)


def _group(key: str, records: list[Record]) -> Group:
    ordered = tuple(sorted(records, key=lambda record: record.verdict is not Verdict.FAIL))
    if len(ordered) == 1:
        return Group(ordered[0].title, ordered)
    counts = [(sum(record.verdict is verdict for record in ordered), word) for verdict, word in _WORDS.items()]
    return Group(f"{key}: {', '.join(f'{count} {word}' for count, word in counts if count)}", ordered)


_WORDS = {Verdict.FAIL: "failed", Verdict.INCONCLUSIVE: "undecided"}
