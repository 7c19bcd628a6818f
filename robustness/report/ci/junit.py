"""What the gate measured as properties of its test, which pytest writes into JUnit XML: short texts with names."""

from __future__ import annotations

from robustness.gate.notes import Note, RuleMeasured
from robustness.report.results import records_in


def junit_properties(note: Note) -> list[tuple[str, str]]:
    """Of one note of a test; none where it is neither the record of a promise nor a measurement."""
    if isinstance(note, RuleMeasured):
        return [("measured", f"{note.case}: {note.right:,} of {note.total:,} right")]
    told: list[tuple[str, str]] = []
    for record in records_in((note,)):
        values = [(name, getattr(record, attribute)) for name, attribute in record.PROPERTIES.items()]
        told = [("verdict", str(record.verdict)), *((name, _text(value)) for name, value in values if value is not None)]
    return told


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
