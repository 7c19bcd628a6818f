"""Several runs side by side, such as two releases: what each measured of the same limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from robustness.report.terminal import verdict_sentence


@dataclass(frozen=True)
class Run:
    """One results.json. name: tells it from the others, such as its path."""

    name: str
    results: dict[str, Any]

    @property
    def sentence(self) -> str:
        return verdict_sentence(self.results)

    @property
    def images(self) -> str:
        images = self.results["images"]
        return f"{images['images']:,} of {images['name']}" if images else str(self.results["data"])


@dataclass(frozen=True)
class Cell:
    """What one run found. value: for the change between runs, where it is a number. asked: what the run's limit asks for."""

    text: str
    verdict: str
    value: float | None = None
    asked: str = ""


@dataclass(frozen=True)
class Row:
    """One limit, hunt, claim or limit on a generator, in every run that has it. differs: not all verdicts are one."""

    name: str
    cells: tuple[Cell | None, ...]

    @property
    def differs(self) -> bool:
        return len({cell.verdict for cell in self.cells if cell}) > 1

    @property
    def change(self) -> str:
        """From the first run to the last; empty where either has no value."""
        first, last = self.cells[0], self.cells[-1]
        if first is None or last is None or first.value is None or last.value is None:
            return ""
        return f"{last.value - first.value:+.4f}"


def side_by_side(runs: Sequence[Run]) -> list[Row]:
    """A row for each promise of any run, in the order in which they come; those that came out differently first."""
    cells = [dict(_cells(run.results)) for run in runs]
    names = dict.fromkeys(name for of_run in cells for name in of_run)
    rows = [Row(name, tuple(of_run.get(name) for of_run in cells)) for name in names]
    return sorted(rows, key=lambda row: not row.differs)


def what_changed(runs: Sequence[Run], rows: Sequence[Row]) -> str:
    """A sentence for the top of the page."""
    hashes = {run.results["images"]["content_hash"] for run in runs if run.results["images"]}
    other = "; the runs are not on the same images, so their figures do not compare" if len(hashes) > 1 else ""
    worse = sum(_stops(row.cells[-1]) and not _stops(row.cells[0]) for row in rows if row.cells[0] and row.cells[-1])
    better = sum(_stops(row.cells[0]) and not _stops(row.cells[-1]) for row in rows if row.cells[0] and row.cells[-1])
    return f"Kept before and broken now: {worse}. Broken before and kept now: {better}. In all: {len(rows)}{other}."


def _stops(cell: Cell | None) -> bool:
    return cell is not None and cell.verdict == "FAIL"


def _cells(results: dict[str, Any]) -> Iterator[tuple[str, Cell]]:
    for limit in results["limits"]:
        yield limit["limit"], Cell(f"{limit['value']:.4f}", limit["verdict"], limit["value"], f"limit {limit['required']}")
    for hunt in results["hunts"]:
        found = f"{hunt['flipped']:,} of {hunt['right']:,} flip" if hunt["stops"] else "nothing found"
        yield f"hunt {hunt['hunt']}", Cell(found, _verdict(hunt), asked=f"budget {hunt['budget']}")
    for claim in results["claims"]:
        yield f"claim {claim['claim']}", Cell(claim["outcome"], _verdict(claim), asked=f"declared {claim['expected']}")
    for limit in results["generator_limits"]:
        text = f"{limit['value']:.4g}"
        yield f"generator {limit['generator_limit']}", Cell(text, _verdict(limit), limit["value"], f"limit {limit['required']}")


def _verdict(promise: dict[str, Any]) -> str:
    return "FAIL" if promise["stops"] else "PASS"
