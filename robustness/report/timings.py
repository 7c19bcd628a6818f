"""Where the time of a run went, by what its tests promise."""

from __future__ import annotations

from robustness.gate.ledger import Ended
from robustness.gate.promise import Record
from robustness.report.results import Timing, kind_of, records_in


def describe_timings(ended: Ended, early: bool) -> tuple[Timing, ...]:
    """For each kind of test that ran, those that took longest first.

    early: whether measuring may go on from predictions that are there, so that nothing follows for its speed.
    """
    found: dict[str, list[tuple[str, Record | None]]] = {}
    for test, notes in ended.notes.items():
        record = next(records_in(notes), None)
        found.setdefault(record.group if record else kind_of(test) or "rule", []).append((test, record))
    timings = []
    for kind, tests in found.items():
        records = [record for _, record in tests if record]
        seconds = round(sum(ended.seconds[test] for test, _ in tests), 3)
        speed = None if early else _speed(records)
        timings.append(Timing(kind=kind, tests=len(tests), seconds=seconds, stored=_stored(records), images_per_second=speed))
    return tuple(sorted(timings, key=lambda timing: -timing.seconds))


def _stored(records: list[Record]) -> int | None:
    known = [record.stored for record in records if record.stored is not None]
    return sum(known) if known else None


def _speed(records: list[Record]) -> float | None:
    fresh = [record.throughput for record in records if record.throughput is not None]
    return round(sum(images for images, _ in fresh) / sum(seconds for _, seconds in fresh), 1) if fresh else None
