"""Every check of a run as a row of one table: what was measured, how sure that is, and how to repeat it."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from robustness.claims.record import BreakEvidence, ClaimRecord, GainEvidence
from robustness.gate.promise import Record
from robustness.hunts.record import HuntRecord
from robustness.limits.asks import ASKS
from robustness.limits.record import LimitRecord
from robustness.report.excuses import Excuse, excuse_of
from robustness.report.results import Results, kind_of
from robustness.report.text.table import marked
from robustness.statistics.verdict import Verdict


@dataclass(frozen=True)
class Check:
    """One row."""

    anchor: str  # the id of the row
    kind: str  # what is asked, or the kind of promise
    models: tuple[str, ...]
    name: str  # what was looked at, without the model
    verdict: str
    stops: bool
    folded: bool  # whether it is kept, so that the row may be folded away
    counted: str  # correct of total, or what else was measured
    bounds: str
    asked: str
    place: str
    seconds: float | None
    words: str  # where the columns do not say it
    again: str | None
    pictures: str  # the noise of this kind under which images of its model are shown; empty where none are


def anchor(name: str) -> str:
    """The id of the row of a record of this name."""
    return f"check-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def pictures_anchor(model: str, noise: str) -> str:
    """The id of the images of a model under a noise."""
    return f"images-{hashlib.sha256(f'{model} under {noise}'.encode()).hexdigest()[:10]}"


def checks(results: Results) -> list[Check]:
    """What stops the release first, then what is not kept, then what was not measured, then the rest."""
    families = {limit.noise: limit.family for limit in results.limits}
    shown = {(turned.model, families.get(turned.noise, "")): turned.noise for turned in results.turned}
    rows = [_of_record(record, results, shown) for record in results.records]
    rows += [*_unmeasured(results), *_rules(results)]
    return sorted(rows, key=lambda row: (not row.stops, row.verdict != Verdict.FAIL, row.folded))


def _of_record(record: Record, results: Results, shown: dict[tuple[str, str], str]) -> Check:
    limit = record if isinstance(record, LimitRecord) else None
    counted = limit is not None and limit.is_plain
    test = results.tests.get(record.name)
    excuse = excuse_of(limit) if limit else None
    words = f", waived until {limit.waived_until}" if limit and excuse in (Excuse.WAIVED, Excuse.NEEDLESS) else ""
    return Check(
        anchor=anchor(record.name),
        kind=record.group.replace("_", " "),
        models=record.about,
        name=marked(limit.subject, limit.bit_identical) if limit else record.id,
        verdict=f"{record.verdict}{words}",
        stops=record.stops,
        folded=record.verdict is Verdict.PASS,
        counted=f"{limit.right:,} of {limit.seen:,}" if limit and counted else record.measured,
        bounds=_bounds(record),
        asked=_asked(record),
        place=record.place,
        seconds=test.seconds if test else limit.seconds if limit else None,
        words=_words(record),
        again=record.again or (f"pytest {shlex.quote(test.id)}" if test else None),
        pictures=shown.get((limit.model, limit.family), "") if limit else "",
    )


def _asked(record: Record) -> str:
    if not isinstance(record, LimitRecord):
        return record.asked
    ask = ASKS.get(record.asks)  # None where a later version asked it
    bound = "≤" if ask is not None and ask.at_most else "≥"
    return f"{bound} {100 * float(record.required):g} %" if record.is_plain else f"{bound} {record.required}"


def _words(record: Record) -> str:
    match record:
        case LimitRecord():
            decide = "" if record.to_decide is None else f"about {record.to_decide:,} images would decide"
            return decide if record.is_plain else record.reason
        case HuntRecord():
            return f"{record.words}; up to {record.tried} tried on {record.images} images"
    return record.reason


def _bounds(record: Record) -> str:
    """Where the value lies in the population; empty where only these images were counted."""
    match record:
        case LimitRecord(change=change) if change:
            return f"drop {100 * change.low:.2f} to {100 * change.high:.2f} points"
        case LimitRecord(low=low, high=high) if low is not None and high is not None:
            return f"{100 * low:.2f} to {100 * high:.2f} %"
        case ClaimRecord(evidence=GainEvidence(interval=(low, high))):
            return f"gain {100 * low:.2f} to {100 * high:.2f} points"
        case ClaimRecord(evidence=BreakEvidence(interval=(start, end))) if start is not None:
            return f"breaks at {start:.4g} to {'beyond' if end is None else f'{end:.4g}'}"
    return ""


def _unmeasured(results: Results) -> Iterator[Check]:
    for one in results.unmeasured:
        yield Check(
            anchor=anchor(f"{one.kind} {one.id}, not measured"),
            kind=one.kind.replace("_", " "),
            models=one.models,
            name=one.id,
            verdict="left out" if one.left_out else "not measured",
            stops=not one.left_out,
            folded=False,
            counted="",
            bounds="",
            asked="",
            place=one.place,
            seconds=None,
            words="",
            again=None,
            pictures="",
        )


def _rules(results: Results) -> Iterator[Check]:
    """The project's own rules, those that hold too."""
    broken = [test for test in results.errors if kind_of(test) is None]
    measured_by = () if results.gaps else tuple(results.measurements)  # of files that do not say which rules hold
    held = results.rules or tuple(test for test in measured_by if test not in results.errors)
    for test in [*broken, *held]:
        measured = [f"{note.right:,} of {note.total:,}" for note in results.measurements.get(test, ())]
        measured += [
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in results.figures.get(test, {}).items()
        ]
        yield Check(
            anchor=anchor(test),
            kind="rule",
            models=(),
            name=test,
            verdict=str(Verdict.FAIL if test in results.errors else Verdict.PASS),
            stops=test in results.errors,
            folded=test not in results.errors,
            counted=", ".join(measured),
            bounds="",
            asked="",
            place=test.partition("::")[0],
            seconds=None,
            words="",
            again=f"pytest {shlex.quote(test)}",
            pictures="",
        )
