"""The first sentences of a report: which models may be released, what stops the others, and how sure that is.

Fails closed: where anything of the run as a whole is amiss, no model is said to be released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from robustness.claims.record import ClaimRecord
from robustness.errors import some
from robustness.gate.promise import Record
from robustness.limits.record import LimitRecord, WaveMap
from robustness.report.results import Results, kind_of
from robustness.statistics.verdict import Verdict

TITLE = 4
"""Models named in the title; more are counted there, and named in the sentence below it."""
TOLD = 3
"""Models of which is told what stops them."""


@dataclass(frozen=True)
class Lowest:
    """The lowest accuracy that was measured on all images."""

    accuracy: float
    record: LimitRecord
    under: str  # the noise

    def __str__(self) -> str:
        asked = f", where {100 * float(self.record.required):g} % is asked for" if self.record.asks == "accuracy" else ""
        return f"{100 * self.accuracy:.2f} % ({self.record.model} under {self.under}{asked})"


@dataclass(frozen=True)
class ModelVerdict:
    """What the records about one model come to."""

    model: str
    records: tuple[Record, ...]  # about it
    unmeasured: int  # promises about it without a record
    run_is_whole: bool  # whether nothing but records about models stops the release

    @cached_property
    def stopping(self) -> list[Record]:
        """What failed, then what is undecided."""
        return sorted(
            (record for record in self.records if record.stops), key=lambda record: record.verdict is not Verdict.FAIL
        )

    @property
    def failed(self) -> int:
        return sum(record.verdict is Verdict.FAIL for record in self.stopping)

    @property
    def undecided(self) -> int:
        return len(self.stopping) - self.failed

    @property
    def kept(self) -> int:
        return sum(record.verdict is Verdict.PASS for record in self.records)

    @property
    def loose(self) -> int:
        return len(_loose(self.records))

    @property
    def excused(self) -> str:
        """What is neither kept nor stops it, counted."""
        return _excused(_loose(self.records))

    @property
    def may_be_released(self) -> bool:
        return self.run_is_whole and bool(self.records) and not self.stopping and not self.unmeasured

    @property
    def lowest(self) -> Lowest | None:
        return lowest_accuracy([record for record in self.records if isinstance(record, LimitRecord)])

    @property
    def words(self) -> str:
        """What becomes of it, in few words."""
        if self.stopping:
            return "stopped"
        if not self.records and not self.unmeasured:
            return "no check is about it"
        if self.unmeasured:
            return "not measured in full"
        if not self.run_is_whole:
            return "no verdict: the run is not whole"
        return f"may be released{f', {self.excused}' if self.excused else ''}"

    @property
    def why(self) -> str:
        """What stops it, in a clause; the worst that was measured first."""
        several = len(self.stopping) > 1
        counted = [f"{count} {word}" for count, word in ((self.failed, "failed"), (self.undecided, "undecided")) if count]
        first = self.stopping[0]
        title = first.title.removesuffix(f": {first.verdict}").removeprefix(self.model).lstrip(" :")
        of_how_many = f"by {' and '.join(counted)}, first " if several else ""
        return f"{self.model} is stopped {of_how_many}{title}: {_brief(first)}"


@dataclass(frozen=True)
class Headline:
    """The verdict in sentences, of which the first is the title."""

    verdict: str
    stops: str  # what stops each model; empty where nothing does
    lowest: str
    sure: str
    of_population: bool  # whether a limit speaks of more than these images
    models: tuple[ModelVerdict, ...]

    @property
    def text(self) -> str:
        return " ".join(filter(None, [self.verdict, self.stops, self.lowest, self.sure]))


def headline(results: Results) -> Headline:
    """From all records of a run, and from what it lacks."""
    models = model_verdicts(results)
    lowest = lowest_accuracy(results.limits)
    return Headline(
        verdict=f"{results.verdict}: {_verdict(results, models)}.",
        stops=_stops(models),
        lowest=f"Lowest accuracy measured: {lowest}." if lowest else "",
        sure=_sure(results),
        of_population=any(limit.claim == "population" for limit in results.limits),
        models=models,
    )


def model_verdicts(results: Results) -> tuple[ModelVerdict, ...]:
    """Of every model that is declared, or that a record is about, in that order."""
    missing = [model for promise in results.unmeasured for model in promise.models]
    names = dict.fromkeys([*results.models, *(model for record in results.records for model in record.about), *missing])
    whole = not amiss(results)
    return tuple(
        ModelVerdict(
            model=name,
            records=tuple(record for record in results.records if name in record.about),
            unmeasured=missing.count(name),
            run_is_whole=whole,
        )
        for name in names
    )


def amiss(results: Results) -> list[str]:
    """What stops the release as a whole, whatever its models do: a clause each."""
    found = [record.title for record in results.stopping if not record.about]
    if rules := [test for test in results.errors if kind_of(test) is None]:
        found.append(f"{_count(len(rules), 'rule')} broken ({some(rules)})")
    found += results.gaps
    if results.errors and not found:
        found.append(f"{_count(len(results.errors), 'test')} failed ({some(list(results.errors))})")
    if results.left_out or results.verdict == "PARTIAL":
        found.append(f"only {len(results.records)} of {len(results.records) + len(results.left_out)} checks were measured")
    if any(not promise.left_out for promise in results.unmeasured) and not results.gaps:
        found.append("not everything was measured")
    if results.verdict == "FAIL" and not found and not results.stopping:
        found.append("the run failed")
    return found


def lowest_accuracy(limits: Sequence[LimitRecord]) -> Lowest | None:
    """Over limits on accuracy and maps of waves; None where there are none."""
    found = [Lowest(limit.accuracy, limit, limit.noise) for limit in limits if limit.is_plain]
    for limit in limits:
        if isinstance(limit.details, WaveMap):
            worst = min(min(row) for row in limit.details.accuracies)
            found.append(Lowest(worst, limit, f"the worst wave of the energy of {limit.noise}"))
    return min(found, key=lambda one: one.accuracy) if found else None


def _verdict(results: Results, models: Sequence[ModelVerdict]) -> str:
    stopped = [one.model for one in models if one.stopping]
    free = [one for one in models if one.may_be_released]
    clauses = []
    reasons = amiss(results)
    if reasons or not free:
        clauses.append(f"no model may be released{': ' if reasons else ''}{'; '.join(reasons)}")
    if stopped:
        clauses.append(f"{_title(stopped, len(models))} {_are(stopped)} stopped")
    if free:
        clauses.append(f"{_title([one.model for one in free], len(models))} may be released")
    loose = _excused(_loose(results.records))
    return "; ".join(clauses) + (f", with {loose}" if loose else "")


def _title(names: Sequence[str], of: int) -> str:
    return _all_of(names) if len(names) <= TITLE else f"{len(names)} of {of} models"


def _stops(models: Sequence[ModelVerdict]) -> str:
    stopped, free = [one for one in models if one.stopping], [one.model for one in models if one.may_be_released]
    told = "; ".join(one.why for one in stopped[:TOLD])
    sentences = [f"{told}."] if told else []
    if len(stopped) > TITLE:
        sentences.insert(0, f"{_all_of([one.model for one in stopped])} are stopped.")
    if len(free) > TITLE:
        sentences.append(f"{_all_of(free)} may be released.")
    return " ".join(sentences)


def _sure(results: Results) -> str:
    """What the figures speak of."""
    images = f"{results.images.images:,} images of {results.images.name}" if results.images else f"the images of {results.data}"
    sure = f"{100 * results.confidence:g} % confidence"
    if any(limit.claim == "population" for limit in results.limits):
        return f"Limits speak of the population that {images} were drawn from, each at {sure}."
    if not results.limits:
        claims = (
            f" Claims speak of the population that they were drawn from, each at {sure}." if results.of(ClaimRecord) else ""
        )
        return f"Measured on {images}.{claims}"
    if any(limit.seen < limit.total for limit in results.limits):
        return f"Counted on a part of {images}, for each limit until its verdict was clear; no statement about others."
    return f"Counted on {images}: exact for these images, and no statement about others."


def _brief(record: Record) -> str:
    """What was measured beside what is asked."""
    if not (isinstance(record, LimitRecord) and record.is_plain):
        return record.reason
    decide = "" if record.to_decide is None else f", undecided; about {record.to_decide:,} images would decide"
    counted = f"{100 * record.accuracy:.2f} %, {record.right:,} of {record.seen:,}"
    return f"{counted}, where {100 * float(record.required):g} % is asked for{decide}"


def _loose(records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.verdict is not Verdict.PASS and not record.stops]


def _excused(loose: Sequence[Record]) -> str:
    days = sorted(one.waived_until for one in loose if isinstance(one, LimitRecord) and one.waived_until)
    undecided = len(loose) - len(days)
    waived = f"{_count(len(days), 'check')} waived until {days[0]}{' and later' if days[0] != days[-1] else ''}" if days else ""
    return " and ".join(filter(None, [waived, f"{_count(undecided, 'check')} undecided" if undecided else ""]))


def _all_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
