"""Several runs side by side, such as two releases: what each measured of the same promises, and what became of the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from robustness.gate.promise import Record
from robustness.limits.record import LimitRecord
from robustness.report.headline import headline, model_verdicts
from robustness.report.html.charts import Chart, accuracy_charts
from robustness.report.misclassified import unpack
from robustness.report.results import Results, TurnedImage
from robustness.statistics.verdict import Verdict

SHOWN = 12
"""Images named of those newly misclassified."""


@dataclass(frozen=True)
class Run:
    """One results.json."""

    name: str  # tells it from the others, such as its path
    results: Results

    @property
    def sentence(self) -> str:
        return headline(self.results).verdict

    @property
    def images(self) -> str:
        images = self.results.images
        return f"{images.images:,} of {images.name}" if images else self.results.data

    @property
    def images_hash(self) -> str:
        return self.results.images.content_hash if self.results.images else ""


@dataclass(frozen=True)
class Cell:
    """One promise in one run."""

    record: Record | None
    missing: str  # where there is no record: "not measured", "left out" or "not declared"

    @property
    def words(self) -> str:
        if self.record is None:
            return self.missing
        waived = self.record.verdict is not Verdict.PASS and not self.record.stops
        return f"{self.record.verdict}{', lets pass' if waived else ''}"

    @property
    def verdict(self) -> str:
        """For the colour."""
        return str(self.record.verdict) if self.record else "INCONCLUSIVE"

    @property
    def stops(self) -> bool:
        return self.record.stops if self.record else self.missing == "not measured"

    @property
    def undecided(self) -> bool:
        return self.record is not None and self.record.verdict is Verdict.INCONCLUSIVE

    @property
    def asked(self) -> str:
        return self.record.asked if self.record else ""


@dataclass(frozen=True)
class Row:
    """One promise in every run."""

    name: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether it came out otherwise in one of the runs."""
        return len({cell.words for cell in self.cells}) > 1

    @property
    def left_out(self) -> bool:
        """Whether no run was asked for it: it is counted, and has nothing to show."""
        return all(cell.missing == "left out" for cell in self.cells)

    @property
    def asked_otherwise(self) -> bool:
        """Whether the limit itself changed: then the verdicts are about two things."""
        return len({cell.asked for cell in self.cells if cell.record}) > 1

    @property
    def change(self) -> str:
        """From the first run to the last; empty where either has no value."""
        first, last = self.cells[0].record, self.cells[-1].record
        if first is None or last is None or first.value is None or last.value is None:
            return ""
        return f"{last.value - first.value:+.4f}"


@dataclass(frozen=True)
class NewlyWrong:
    """Images that the last run misclassifies under one noise and the first does not."""

    model: str
    noise: str
    wrong: int
    right: int  # and the other way round
    indices: tuple[int, ...]  # of the first few
    more: int
    pictures: tuple[TurnedImage, ...]  # of those that a report shows


def side_by_side(runs: Sequence[Run]) -> list[Row]:
    """A row for each promise of any run, in the order in which they come; those that came out or are asked otherwise first."""
    cells = [_cells(run.results) for run in runs]
    names = dict.fromkeys(name for of_run in cells for name in of_run)
    rows = [Row(name, tuple(of_run.get(name, Cell(None, "not declared")) for of_run in cells)) for name in names]
    return sorted(rows, key=lambda row: (not row.differs, not row.asked_otherwise))


def _cells(results: Results) -> dict[str, Cell]:
    missing = {
        one.id if one.kind == LimitRecord.kind else f"{one.kind.replace('_', ' ')} {one.id}": Cell(
            None, "left out" if one.left_out else "not measured"
        )
        for one in results.unmeasured
    }
    return {record.name: Cell(record, "") for record in results.records} | missing


def what_changed(runs: Sequence[Run], rows: Sequence[Row]) -> list[str]:
    """Sentences for the top of the page, from the first run to the last."""
    first, last = runs[0].results, runs[-1].results
    ends = [(row.cells[0], row.cells[-1]) for row in rows]
    counts = {
        "stopping the release now and not before": sum(now.stops and not before.stops for before, now in ends),
        "stopping it before and not now": sum(before.stops and not now.stops for before, now in ends),
        "newly undecided": sum(now.undecided and not before.undecided for before, now in ends),
        "not measured now": sum(now.missing in ("not measured", "left out") for _, now in ends),
        "new": sum(before.missing == "not declared" for before, _ in ends),
        "gone": sum(now.missing == "not declared" for _, now in ends),
        "asked otherwise than before": sum(row.asked_otherwise for row in rows),
    }
    told = [f"{first.verdict} before, {last.verdict} now. Of {len(rows)} checks:"]
    told += [f"{words}: {count}" for words, count in counts.items() if count or "stop" in words]
    if len({run.images_hash for run in runs if run.images_hash}) > 1:
        told.append("the runs are not on the same images, so their figures do not compare")
    return told


def keeps_images(runs: Sequence[Run]) -> bool:
    """Whether it is known which images both ends misclassify, on the same images."""
    first, last = runs[0], runs[-1]
    return first.images_hash == last.images_hash != "" and all(run.results.misclassified for run in (first, last))


def newly_wrong(runs: Sequence[Run]) -> list[NewlyWrong]:
    """By model and noise, where both ends kept which images they misclassify, on the same images."""
    first, last = runs[0], runs[-1]
    if not keeps_images(runs):
        return []
    before = {(one.model, one.noise): unpack(one.images) for one in first.results.misclassified}
    pictures = {(one.model, one.noise): one.pictures for one in last.results.turned}
    found = []
    for one in last.results.misclassified:
        key, now = (one.model, one.noise), unpack(one.images)
        if key in before and (gained := now - before[key]):
            new = sorted(gained)
            shown = tuple(islice(new, SHOWN))
            of_new = tuple(picture for picture in pictures.get(key, ()) if picture.index in gained)
            found.append(NewlyWrong(*key, len(new), len(before[key] - now), shown, len(new) - len(shown), of_new))
    return sorted(found, key=lambda one: -one.wrong)


def curves(runs: Sequence[Run]) -> list[tuple[str, list[Chart], dict[str, int]]]:
    """For each model of the last run: the charts of all runs' accuracies, and the number of each run's line."""
    drawn = []
    for model in runs[-1].results.models:
        names = [run.name for run in runs]
        records = [
            replace(limit, model=run.name)
            for run in runs
            for limit in run.results.limits
            if limit.is_plain and limit.model == model
        ]
        models = dict.fromkeys(names, runs[-1].results.models[model])
        charts = accuracy_charts(replace(runs[-1].results, records=tuple(records), models=models, published={}))
        if charts:
            drawn.append((model, charts, {line.model: line.number for chart in charts for line in chart.lines}))
    return drawn


def models_of(runs: Sequence[Run]) -> list[tuple[str, list[tuple[str, str]], str]]:
    """Each model's verdict and hash in each run, and whether its weights changed, in words."""
    verdicts = [{one.model: one.words for one in model_verdicts(run.results)} for run in runs]
    names = dict.fromkeys(name for of_run in verdicts for name in of_run)
    table = []
    for name in names:
        hashes = [run.results.model_hashes.get(name, "") for run in runs]
        cells = [(of_run.get(name, "not declared"), digest) for of_run, digest in zip(verdicts, hashes, strict=True)]
        changed = "the same" if len(set(hashes)) == 1 else "changed"
        table.append((name, cells, changed if all(hashes) else "not measured"))
    return table
