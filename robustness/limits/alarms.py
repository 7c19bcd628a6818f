"""Which drops of a whole run are alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from robustness.limits.record import LimitRecord
from robustness.statistics.verdict import Verdict


def with_alarms(records: Mapping[str, LimitRecord]) -> Mapping[str, LimitRecord]:
    """The records, with drops that are alarms failed: all tested together, so that any false alarm is rare (Holm)."""
    drops = {name: (record, record.change) for name, record in records.items() if record.change is not None}
    if not drops:
        return records
    from robustness.statistics.paired import holm

    alpha = 1 - max(record.confidence or 0.0 for record, _ in drops.values())
    alarms = holm([change.p_value for _, change in drops.values()], alpha)
    failed = {
        name: replace(record, verdict=Verdict.FAIL, stops=record.waived_until is None or record.stops)
        for (name, (record, _)), alarm in zip(drops.items(), alarms, strict=True)
        if alarm and record.verdict is not Verdict.PASS
    }
    return {**records, **failed}
