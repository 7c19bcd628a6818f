"""What a gate was to measure, what it did measure, and what that amounts to. Fails closed: what is missing is a failure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from robustness.errors import some
from robustness.gate.records import from_property
from robustness.limits.alarms import with_alarms

KINDS = ("limit", "hunt", "claim", "generator_limit")
"""Of promises that a thresholds file makes; each is a test of that name."""
PROMISE_TEST = re.compile(rf"::test_({'|'.join(KINDS)})\[(.*)\]$")


def promise_of(test: str) -> tuple[str, str] | None:
    """The kind and id of the promise that a test measures."""
    match = PROMISE_TEST.search(test)
    return (match[1], match[2]) if match else None


@dataclass
class Ledger:
    """Kept while the tests report, read when they are done.

    limits, hunts, claims, generator_limits: the ids of all that the thresholds file promises. asked: whether the run was
    started to gate on them. narrowed: whether the command can leave tests out (-k, -m, --lf, a node id). deselected: whether
    it left out any of the gate's.
    """

    limits: Collection[str]
    hunts: Collection[str] = ()
    claims: Collection[str] = ()
    generator_limits: Collection[str] = ()
    asked: bool = False
    narrowed: bool = False
    deselected: bool = False
    collected: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    uncollected: list[str] = field(default_factory=list)
    dead_workers: list[str] = field(default_factory=list)

    def collect(self, tests: Iterable[str]) -> None:
        self.collected.update(tests)

    def report(
        self,
        test: str,
        done: bool,
        failure: str | None,
        properties: Iterable[str],
        skipped: bool = False,
        seconds: float = 0.0,
    ) -> None:
        """Enter one report of a test. done: its last one. properties: the records it carries, all so far.

        seconds: that this part of the test took.
        """
        self.seconds[test] = self.seconds.get(test, 0.0) + seconds
        if skipped:
            self.skipped.add(test)
        if done:
            self.finished.add(test)
        if failure is not None:
            self.failures.setdefault(test, failure)
        if records := [from_property(text) for text in properties]:
            self.records[test] = records

    @property
    def is_gate(self) -> bool:
        return self.asked or bool(self._collected_promises)

    @property
    def outcomes(self) -> dict[str, dict[str, Any]]:
        """The measured limits by id, in the order of the thresholds file."""
        return with_alarms(self._measured("limit", self.limits))

    @property
    def hunted(self) -> dict[str, dict[str, Any]]:
        """The hunts that ran, by id."""
        return self._measured("hunt", self.hunts)

    @property
    def tested(self) -> dict[str, dict[str, Any]]:
        """The claims that were tested, by id."""
        return self._measured("claim", self.claims)

    @property
    def judged(self) -> dict[str, dict[str, Any]]:
        """The generator limits that were judged, by id."""
        return self._measured("generator_limit", self.generator_limits)

    def _measured(self, kind: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        measured: dict[str, dict[str, Any]] = {}
        for _, record in self._promises():  # where two tests measured one limit, a broken one stands
            if record["kind"] == kind and (record[kind] not in measured or record["stops"]):
                measured[record[kind]] = record
        return {name: measured[name] for name in ids if name in measured}

    @property
    def errors(self) -> dict[str, str]:
        """By test, why a limit could not be measured or a rule of the project's own does not hold."""
        explained = {test for test, record in self._promises() if record["stops"]}
        return {test: text for test, text in self.failures.items() if test in self.records and test not in explained}

    @property
    def left_out(self) -> list[str]:
        """Limits, hunts, claims and generator limits that a narrowed run did not select."""
        if not self.narrowed and not self.deselected:
            return []
        return [name for kind, name in self._unmeasured() if (kind, name) not in self._collected_promises]

    def gaps(self) -> list[str]:
        """Why the run cannot be trusted even where no test failed: one sentence each."""
        gaps = []
        if self.uncollected:
            gaps.append(f"{_count(self.uncollected, 'file')} not collected: {some(self.uncollected)}")
        if self.dead_workers:
            gaps.append(f"{_count(self.dead_workers, 'worker')} died: {some(self.dead_workers)}")
        if lost := sorted(self.collected - self.finished):
            gaps.append(f"{_count(lost, 'collected test')} never reported: {some(lost)}")
        for kind in KINDS:
            noun = kind.replace("_", " ")
            missing = [name for own, name in self._unmeasured() if own == kind and name not in self.left_out]
            if missing:
                gaps.append(f"{_count(missing, noun)} not measured: {some(missing)}")
            hidden = [
                record[kind] for test, record in self._promises() if record["kind"] == kind and self._is_hidden(test, record)
            ]
            if hidden:
                gaps.append(
                    f"{_count(hidden, f'broken {noun}')} whose test did not fail (xfail hides nothing here): {some(hidden)}"
                )
        if not gaps and not self.finished:
            gaps.append("no test ran")
        return gaps

    @property
    def verdict(self) -> str:
        """FAIL, PARTIAL (nothing failed, not everything was selected) or PASS."""
        measured = [record for kind in (self.outcomes, self.hunted, self.tested, self.judged) for record in kind.values()]
        if not self.limits or self.gaps() or self.errors or any(outcome["stops"] for outcome in measured):
            return "FAIL"
        skipped_rules = self.skipped & self.records.keys()
        return "PARTIAL" if self.left_out or self.deselected or skipped_rules else "PASS"

    def _unmeasured(self) -> Iterator[tuple[str, str]]:
        for kind, ids in self._ids:
            measured = self._measured(kind, ids)
            yield from ((kind, name) for name in ids if name not in measured)

    @property
    def _ids(self) -> list[tuple[str, Collection[str]]]:
        return list(zip(KINDS, (self.limits, self.hunts, self.claims, self.generator_limits), strict=True))

    @property
    def _collected_promises(self) -> set[tuple[str, str]]:
        promised = {(kind, name) for kind, ids in self._ids for name in ids}
        return {promise for test in self.collected if (promise := promise_of(test)) in promised}

    def _promises(self) -> list[tuple[str, dict[str, Any]]]:
        return [(test, record) for test, records in self.records.items() for record in records if record["kind"] in KINDS]

    def _is_hidden(self, test: str, record: dict[str, Any]) -> bool:
        return record["stops"] and test not in self.failures


def _count(things: list[str], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"
