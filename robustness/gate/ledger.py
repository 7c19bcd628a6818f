"""What a gate was to measure, what it did measure, and what that amounts to. Fails closed: what is missing is a failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from robustness.errors import some
from robustness.gate.notes import Note, OneOfARun
from robustness.gate.promise import AnyKind, Record
from robustness.gate.thresholds import Thresholds

PROMISE_TEST = re.compile(r"::test_(\w+)\[(.*)\]$")

RunVerdict = Literal["PASS", "PARTIAL", "FAIL"]
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Unmeasured:
    """A promise that has no record."""

    kind: str
    id: str
    left_out: bool  # by a run that was asked for less than all


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a run amounts to, computed once when it ends."""

    verdict: RunVerdict  # PARTIAL: nothing failed, but not everything was selected, as was asked for
    gaps: tuple[str, ...]  # why it cannot be trusted even where no test failed: a sentence each
    left_out: tuple[str, ...]  # ids of promises that a narrowed run did not select
    unmeasured: tuple[Unmeasured, ...] = ()  # those, and what is missing
    errors: dict[str, str]  # by test: why a promise could not be measured, or a rule of the project's own does not hold
    rules: tuple[str, ...] = ()  # of the project's own that hold, by test
    records: tuple[Record, ...]  # by kind, in the order of the thresholds file
    notes: dict[str, tuple[Note, ...]]  # by test
    seconds: dict[str, float]  # by test
    files: tuple[str, ...] = ()  # whose tests measured promises

    def of(self, record: type[R]) -> tuple[R, ...]:
        """The records of one class."""
        return tuple(one for one in self.records if isinstance(one, record))


@dataclass
class Ledger:
    """Kept while the tests report, closed when they are done."""

    promised: Mapping[str, Sequence[str]]  # the ids of all promises by kind, in the file's order
    kinds: Sequence[AnyKind] = ()
    asked: bool = False  # whether the run was started to gate
    narrowed: bool = False  # whether who started it asked for less than all (-k, -m, --lf, a node id)
    elsewhere: str = ""  # what narrows it besides, which nobody asked for, such as -k in an ini file
    named: Mapping[str, Path] = field(default_factory=dict)  # files and folders of rules that it was started with
    deselected: set[str] = field(default_factory=set)  # tests of the gate's that were found and left out
    collected: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    besides: dict[str, Note] = field(default_factory=dict)  # what others than tests used, by who that is
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)  # by test
    skipped_files: list[str] = field(default_factory=list)  # that may have tests of the gate's, and skipped themselves
    uncollected: list[str] = field(default_factory=list)
    dead_workers: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, thresholds: Thresholds, asked: bool = False, narrowed: bool = False) -> Ledger:
        promised = {kind.name: [str(one) for one in thresholds.of(kind.promise)] for kind in thresholds.promise_kinds}
        return cls(promised, thresholds.promise_kinds, asked, narrowed)

    def promise_of(self, test: str) -> tuple[str, str] | None:
        """The kind and id of the promise that a test measures."""
        match = PROMISE_TEST.search(test)
        if match is None or match[1] not in self.promised:
            return None
        return match[1], match[2].encode().decode("unicode_escape") if "\\" in match[2] else match[2]  # as pytest writes "ö"

    def collect(self, tests: Iterable[str]) -> None:
        self.collected.update(tests)

    def report(
        self,
        test: str,
        done: bool,
        failure: str | None,
        notes: Sequence[Note],
        skipped: bool = False,
        seconds: float = 0.0,
    ) -> None:
        """Enter one report of a test. done: its last one. notes: those it carries, all so far. seconds: of this part of it."""
        self.seconds[test] = self.seconds.get(test, 0.0) + seconds
        if skipped:
            self.skipped.add(test)
        if done:
            self.finished.add(test)
        if failure is not None:
            self.failures.setdefault(test, failure)
        if notes:
            self.notes[test] = tuple(notes)

    @property
    def is_gate(self) -> bool:
        return self.asked or any(map(self._is_promised, self.collected))

    def _is_promised(self, test: str) -> bool:
        promise = self.promise_of(test)
        return promise is not None and promise[1] in self.promised[promise[0]]

    def close(self) -> Ended:
        """What the run amounts to so far."""
        records = self._records()
        measured = {(record.kind, record.id) for record in records}
        unmeasured = [(kind, name) for kind, names in self.promised.items() for name in names if (kind, name) not in measured]
        selected = set(map(self.promise_of, self.collected))
        left_out = [one for one in unmeasured if one not in selected] if self.narrowed else []
        missing = set(unmeasured) - set(left_out)
        gaps = tuple(self._gaps([one for one in unmeasured if one in missing]))
        errors = self._errors()
        if not any(self.promised.values()) or gaps or errors or any(record.stops for record in records):
            verdict: RunVerdict = "FAIL"
        else:
            verdict = "PARTIAL" if left_out or any(names for _, _, names in self._not_run()) else "PASS"
        return Ended(
            verdict=verdict,
            gaps=gaps,
            left_out=tuple(name for _, name in left_out),
            unmeasured=tuple(Unmeasured(kind=one[0], id=one[1], left_out=one not in missing) for one in unmeasured),
            errors=errors,
            rules=tuple(sorted(test for test in self.notes.keys() & self.finished if self._holds(test))),
            records=records,
            notes=self.notes,
            seconds=self.seconds,
            files=tuple(sorted({self.files[test] for test, _ in self._reported() if test in self.files})),
        )

    def _holds(self, test: str) -> bool:
        return not self.promise_of(test) and test not in self.failures and test not in self.skipped

    def _records(self) -> tuple[Record, ...]:
        """Those of promises, each once: where two tests measured one, a broken one counts."""
        found: dict[tuple[str, str], Record] = {}
        for _, record in self._reported():
            key = (record.kind, record.id)
            if key not in found or record.stops:
                found[key] = record
        settled: list[Record] = []
        for kind in self.kinds:
            names = self.promised[kind.name]
            settled += kind.settle({name: found[kind.name, name] for name in names if (kind.name, name) in found}).values()
        return tuple(settled)

    def _reported(self) -> Iterator[tuple[str, Record]]:
        classes = tuple(kind.record for kind in self.kinds)
        for test, notes in self.notes.items():
            yield from ((test, note) for note in notes if isinstance(note, classes))

    def _errors(self) -> dict[str, str]:
        explained = {test for test, record in self._reported() if record.stops}
        return {test: text for test, text in self.failures.items() if test in self.notes and test not in explained}

    def _gaps(self, missing: Sequence[tuple[str, str]]) -> Iterator[str]:
        """missing: kinds and ids of what was to be measured, and was not."""
        found = False
        for gap in self._all_gaps(missing):
            found = True
            yield gap
        if not found and not self.finished:
            yield "no test ran"

    def _all_gaps(self, missing: Sequence[tuple[str, str]]) -> Iterator[str]:
        if self.uncollected:
            yield f"{_count(self.uncollected, 'file')} not collected: {some(self.uncollected)}"
        if self.dead_workers:
            yield f"{_count(self.dead_workers, 'worker')} died: {some(self.dead_workers)}"
        if lost := sorted(self.collected - self.finished):
            yield f"{_count(lost, 'collected test')} never reported: {some(lost)}"
        yield from self._contradictions()
        if not self.narrowed:
            yield from (f"{_count(names, noun)} {what}: {some(names)}" for noun, what, names in self._not_run() if names)
            left_out = missing or any(not self.promise_of(test) for test in self.deselected)
            if left_out and (self.elsewhere or self.deselected):
                by = self.elsewhere or "a plugin or a conftest.py"
                yield f"narrowed by {by}, not on the command line: say it there, or add --allow-partial"
        hidden = [record for test, record in self._reported() if record.stops and test not in self.failures]
        for kind in self.kinds:
            if names := [name for own, name in missing if own == kind.name]:
                yield f"{_count(names, kind.noun)} not measured: {some(names)}"
            if names := [record.id for record in hidden if record.kind == kind.name]:
                yield (
                    f"{_count(names, f'broken {kind.noun}')} whose test did not fail (xfail hides nothing here): {some(names)}"
                )

    def _contradictions(self) -> Iterator[str]:
        """A run speaks of one model of each name, of one set of images and of one thresholds file."""
        seen: dict[str, dict[str, list[str]]] = {}
        by_test = [(test, note) for test, notes in self.notes.items() for note in notes]
        for user, note in [*by_test, *self.besides.items()]:
            if isinstance(note, OneOfARun):
                seen.setdefault(note.what, {}).setdefault(note.which, []).append(user)
        for what, found in seen.items():
            if len(found) > 1:
                named = "; ".join(f"{which[:12]} in {some(list(dict.fromkeys(users)))}" for which, users in found.items())
                yield f"{what}: {len(found)} different ones in one run: {named}"

    def _not_run(self) -> Iterator[tuple[str, str, list[str]]]:
        """What could have failed, had it run. Promises are missed in any case; nothing but these lists knows of rules."""
        for what, tests in (("skipped", self.skipped & self.notes.keys()), ("deselected", self.deselected)):
            yield "rule", what, sorted(test for test in tests if not self.promise_of(test))
        yield "file", "that skips itself", self.skipped_files
        yield "named file", "without a test that ran", self._without_a_test()

    def _without_a_test(self) -> list[str]:
        ran = self.finished - (self.skipped - self.notes.keys())
        files = [Path(self.files[test]) for test in ran if test in self.files]
        return [name for name, path in self.named.items() if not any(file.is_relative_to(path) for file in files)]


def _count(things: Sequence[str], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"
