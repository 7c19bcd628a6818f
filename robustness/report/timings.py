"""Where the time of a run went, by what its tests promise."""

from __future__ import annotations

from typing import Any

from robustness.gate.ledger import Ledger, promise_of


def describe_timings(ledger: Ledger, early: bool) -> list[dict[str, Any]]:
    """An entry for each kind of promise whose tests ran, those that took longest first.

    kind: what a limit asks of; "limit" where none of them could be measured; "hunt", "claim", "generator_limit"; or "rule", a
    test of the project's own. tests: how many. seconds: in them all together, with what they set up, so that the first of a
    process has loaded its model. stored: how many found all predictions measured already; None of what does not tell.
    images_per_second: through noise and network, in limits on accuracy that were measured in this run; None where there is
    none, and with `early`, which may go on from predictions that are there.
    """
    limits: dict[str, list[dict[str, Any]]] = {}
    tests: dict[str, list[str]] = {}
    for test, records in ledger.records.items():
        record = next((record for record in records if record["kind"] == "limit"), None)
        promised = promise_of(test)
        kind = record["asks"] if record else promised[0] if promised else "rule"
        tests.setdefault(kind, []).append(test)
        limits.setdefault(kind, []).extend([record] if record else [])
    entries = [
        {
            "kind": kind,
            "tests": len(tests[kind]),
            "seconds": round(sum(ledger.seconds[test] for test in tests[kind]), 3),
            "stored": sum(limit["stored"] for limit in limits[kind]) if limits[kind] else None,
            "images_per_second": None if early else _speed(limits[kind]),
        }
        for kind in tests
    ]
    return sorted(entries, key=lambda entry: -entry["seconds"])


def _speed(limits: list[dict[str, Any]]) -> float | None:
    fresh = [limit for limit in limits if limit["is_plain"] and not limit["stored"] and limit["seconds"]]
    return round(sum(limit["seen"] for limit in fresh) / sum(limit["seconds"] for limit in fresh), 1) if fresh else None
