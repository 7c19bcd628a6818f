"""Promises measured one after another in this process, without pytest: what a run of these tests alone would amount to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from robustness.errors import RobustnessError
from robustness.gate.ledger import Ended, Ledger
from robustness.gate.notes import Note
from robustness.gate.promise import Promise, Record
from robustness.gate.workbench import Workbench, no_fixture


def measured_here(
    bench: Workbench, promises: Sequence[Promise], said: Callable[[Promise, Record | RobustnessError], None]
) -> Ended:
    """What became of these promises. The others of the file are left out, so it is a PARTIAL run at best.

    said: is told of each as soon as it is measured, or could not be.
    """
    ledger = Ledger.of(bench.thresholds, asked=True, narrowed=True)
    for promise in promises:
        kind = bench.thresholds.kind_of(promise).name
        test, notes, started = f"::test_{kind}[{promise}]", list[Note](), time.monotonic()
        ledger.collect([test])
        failure: str | None = None
        try:
            record = bench.for_test(test, no_fixture, notes.append).record(promise)
            notes.append(record)
            failure = record.reason if record.stops else None
            said(promise, record)
        except RobustnessError as error:
            failure = str(error)
            said(promise, error)
        ledger.report(test, True, failure, notes, seconds=time.monotonic() - started)
    return ledger.close()
