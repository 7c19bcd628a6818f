"""What the gate measured as properties of its test, which pytest writes into JUnit XML: short texts with names."""

from __future__ import annotations

from typing import Any

PROPERTIES = {
    "limit": {
        "model": "model",
        "noise": "noise",
        "asks": "asks",
        "measured": "value",
        "limit": "required",
        "right": "right",
        "images": "seen",
        "waived until": "waived_until",
        "reason": "reason",
        "place": "place",
        "repeat": "repeat",
    },
    "hunt": {
        "model": "model",
        "noise": "safe",
        "limit": "budget",
        "right": "right",
        "images": "images",
        "reason": "words",
        "place": "place",
        "repeat": "replay",
    },
    "claim": {
        "model": "models",
        "outcome": "outcome",
        "declared": "expected",
        "reason": "words",
        "place": "place",
    },
    "generator_limit": {
        "generator": "generator",
        "judge": "judge",
        "asks": "asks",
        "measured": "value",
        "limit": "required",
        "reason": "words",
        "place": "place",
    },
}
"""By the kind of a record: the name of a property, and of the record's field that it tells."""


def junit_properties(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Of one record of a test; none where it says only that the test is one of the gate's."""
    kind = record["kind"]
    if kind == "measurement":
        return [("measured", f"{record['case']}: {record['right']:,} of {record['total']:,} right")]
    if kind not in PROPERTIES:
        return []
    verdict = record.get("verdict") or ("FAIL" if record["stops"] else "PASS")
    told = [(name, record[field]) for name, field in PROPERTIES[kind].items() if record[field] is not None]
    return [("verdict", verdict), *((name, _text(value)) for name, value in told)]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
