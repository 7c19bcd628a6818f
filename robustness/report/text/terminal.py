"""The end of a gate on the terminal: the verdict, what is broken, then the rest."""

from __future__ import annotations

from collections.abc import Sequence

from robustness.errors import some
from robustness.gate.promise import AnyKind, Record, Row
from robustness.kinds import KINDS
from robustness.report.results import Results, kind_of
from robustness.report.text.bars import bar
from robustness.report.text.table import OWN_NOISE, marked, table
from robustness.statistics.verdict import Verdict

HEAD = ("model", "noise", "right", "images", "measured", "", "limit", "verdict")
"""Of the table of rows; a bar stands below the name that is none."""
COUNTS = ("right", "images")


def verdict_sentence(results: Results, named: bool = True) -> str:
    """One line that says how the run ended. named: also the first few of what is broken."""
    by_kind = [(kind, records) for kind in KINDS if (records := results.of(kind.record))]
    match results.verdict:
        case "PASS":
            excused = list(dict.fromkeys(record.title for record in results.records if record.verdict is not Verdict.PASS))
            besides = f"; not stopping the release: {some(excused)}" if excused else ""
            return f"PASS: {', '.join(_kept(kind, records) for kind, records in by_kind)}{besides}"
        case "PARTIAL":
            measured = len(results.records)
            held = "and kept" if measured else "since none was selected"
            noun = f"{by_kind[0][0].noun}s" if len(by_kind) == 1 else "promises"
            return f"PARTIAL: {measured} of {measured + len(results.left_out)} {noun} measured {held}; no release verdict"
    reasons = [reason for kind, records in by_kind for reason in kind.not_kept(records, named)]
    if rules := sum(kind_of(test) is None for test in results.errors):
        reasons.append(f"{rules} rule{'s' * (rules > 1)} broken")
    if results.left_out:
        reasons.append(f"PARTIAL run, {len(results.left_out)} left out")
    return f"FAIL: {'; '.join([*reasons, *results.gaps])}"


def _kept(kind: AnyKind, records: Sequence[Record]) -> str:
    kept = sum(record.verdict is Verdict.PASS for record in records)
    return kind.all_kept(records) if kept == len(records) else f"{kept} of {kind.count(records)} {kind.kept}"


def promise_lines(results: Results) -> list[tuple[str, bool]]:
    """What became of all that has no row in the table, a line each, and whether it stops the release; those that do first."""
    lines = [(f"{record.name}: {record.reason}", record.stops) for record in results.records if record.row is None]
    return sorted(lines, key=lambda line: not line[1])


def error_lines(results: Results) -> list[str]:
    """What went wrong, each message once with the number of tests it stopped."""
    tests: dict[str, list[str]] = {}
    for test, message in results.errors.items():
        tests.setdefault(message.strip().splitlines()[0] if message.strip() else "failed", []).append(test)
    return [f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {text}" for text, names in tests.items()]


def limit_rows(results: Results, width: int | None = None, ascii_only: bool = False) -> list[str]:
    """A table of what was measured beside its limit, broken ones first.

    width: of the terminal. Where a line would be longer, models become headings, and counts of images are left out.
    """
    measured = with_rows(results)
    lines: list[str] = []
    for grouped, counted in ((False, True), (False, False), (True, True), (True, False)):
        lines = _table(measured, grouped, counted, ascii_only)
        if width is None or all(len(line) <= width for line in lines):
            break
    return lines if all(row.bit_identical for _, row in measured) else [*lines, OWN_NOISE]


def with_rows(results: Results) -> list[tuple[Record, Row]]:
    """The records that have a row in the table."""
    return [(record, row) for record in results.records if (row := record.row) is not None]


def _table(measured: Sequence[tuple[Record, Row]], grouped: bool, counted: bool, ascii_only: bool) -> list[str]:
    """grouped: models are headings. counted: with the counts of images."""
    if not measured:
        return []
    models = list(dict.fromkeys(row.model for _, row in measured))

    def first(one: tuple[Record, Row]) -> tuple[bool, bool, int]:
        record, row = one
        return not record.stops, record.verdict is Verdict.PASS, models.index(row.model) if grouped else 0

    ordered = sorted(measured, key=first)
    columns = [name for name in HEAD if not (name == "model" and grouped) and (counted or name not in COUNTS)]
    rows = [[_cells(record, row, ascii_only)[name] for name in columns] for record, row in ordered]
    head, *lines = table(columns, rows, left=1 if grouped else 2)
    lines = [line + row.note for line, (_, row) in zip(lines, ordered, strict=True)]
    if not grouped:
        return [head, *lines]
    indented, former = [f"  {head}"], None
    for (_, row), line in zip(ordered, lines, strict=True):
        indented += [] if row.model == former else [row.model]
        indented.append(f"  {line}")
        former = row.model
    return indented


def _cells(record: Record, row: Row, ascii_only: bool) -> dict[str, str]:
    """By the names in `HEAD`."""
    right, images = ("", "") if row.images is None else (f"{count:,}" for count in row.images)
    subject = marked(row.subject, row.bit_identical)
    bar_of_row = bar(row, ascii_only)
    cells = (row.model, subject, right, images, record.measured, bar_of_row, row.required, str(record.verdict))
    return dict(zip(HEAD, cells, strict=True))
