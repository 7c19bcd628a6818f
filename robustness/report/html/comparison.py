"""Several runs side by side, such as two releases: what each measured of the same limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustness.gate.promise import Record
from robustness.report.results import Results
from robustness.report.text.terminal import verdict_sentence
from robustness.statistics.verdict import Verdict


@dataclass(frozen=True)
class Run:
    """One results.json."""

    name: str  # tells it from the others, such as its path
    results: Results

    @property
    def sentence(self) -> str:
        return verdict_sentence(self.results)

    @property
    def images(self) -> str:
        images = self.results.images
        return f"{images.images:,} of {images.name}" if images else self.results.data


@dataclass(frozen=True)
class Row:
    """One promise in every run; None in those that do not have it."""

    name: str
    cells: tuple[Record | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all verdicts are one."""
        return len({record.verdict for record in self.cells if record}) > 1

    @property
    def change(self) -> str:
        """From the first run to the last; empty where either has no value."""
        first, last = self.cells[0], self.cells[-1]
        if first is None or last is None or first.value is None or last.value is None:
            return ""
        return f"{last.value - first.value:+.4f}"


def side_by_side(runs: Sequence[Run]) -> list[Row]:
    """A row for each promise of any run, in the order in which they come; those that came out differently first."""
    cells = [{record.name: record for record in run.results.records} for run in runs]
    names = dict.fromkeys(name for of_run in cells for name in of_run)
    rows = [Row(name, tuple(of_run.get(name) for of_run in cells)) for name in names]
    return sorted(rows, key=lambda row: not row.differs)


def what_changed(runs: Sequence[Run], rows: Sequence[Row]) -> str:
    """A sentence for the top of the page."""
    hashes = {run.results.images.content_hash for run in runs if run.results.images}
    other = "; the runs are not on the same images, so their figures do not compare" if len(hashes) > 1 else ""
    ends = [(first, last) for row in rows if (first := row.cells[0]) and (last := row.cells[-1])]
    worse = sum(_fails(last) and not _fails(first) for first, last in ends)
    better = sum(_fails(first) and not _fails(last) for first, last in ends)
    return f"Kept before and broken now: {worse}. Broken before and kept now: {better}. In all: {len(rows)}{other}."


def _fails(record: Record) -> bool:
    return record.verdict is Verdict.FAIL
