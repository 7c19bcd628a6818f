"""Where the time of a run went, by what its tests promise."""

from __future__ import annotations

from robustness.gate.ledger import Ended
from robustness.gate.promise import Record
from robustness.report.results import Timing, kind_of, records_in


def describe_timings(ended: Ended, early: bool) -> tuple[Timing, ...]:
    """For each kind of test that ran, those that took longest first.

    early: whether measuring may go on from predictions that are there, so that nothing follows for its speed.
    """
    tests: dict[str, list[str]] = {}
    records: dict[str, list[Record]] = {}
    for test, notes in ended.notes.items():
        record = next(records_in(notes), None)
        kind = record.group if record else kind_of(test) or "rule"
        tests.setdefault(kind, []).append(test)
        records.setdefault(kind, []).extend([record] if record else [])
    timings = [
        Timing(
            kind=kind,
            tests=len(tests[kind]),
            seconds=round(sum(ended.seconds[test] for test in tests[kind]), 3),
            stored=_stored(records[kind]),
            images_per_second=None if early else _speed(records[kind]),
        )
        for kind in tests
    ]
    return tuple(sorted(timings, key=lambda timing: -timing.seconds))


def _stored(records: list[Record]) -> int | None:
    known = [record.stored for record in records if record.stored is not None]
    return sum(known) if known else None


def _speed(records: list[Record]) -> float | None:
    fresh = [record.throughput for record in records if record.throughput is not None]
    return round(sum(images for images, _ in fresh) / sum(seconds for _, seconds in fresh), 1) if fresh else None
