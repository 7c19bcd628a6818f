"""What a gate was to measure, what it did measure, and what that amounts to. Fails closed: what is missing is a failure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from robustness.gate.alarms import with_alarms
from robustness.report.records import from_property

LIMIT_TEST = "::test_limit["


@dataclass
class Ledger:
    """Kept while the tests report, read when they are done.

    limits: the ids of all limits in the thresholds file. asked: whether the run was started to gate on them.
    narrowed: whether the command can leave tests out (-k, -m, --lf, a node id). deselected: whether it left out any of the
    gate's.
    """

    limits: Collection[str]
    asked: bool = False
    narrowed: bool = False
    deselected: bool = False
    collected: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    uncollected: list[str] = field(default_factory=list)

    def collect(self, tests: Iterable[str]) -> None:
        self.collected.update(tests)

    def report(self, test: str, done: bool, failure: str | None, properties: Iterable[str], skipped: bool = False) -> None:
        """Enter one report of a test. done: its last one. properties: the records it carries, all so far."""
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
        return self.asked or bool(self._collected_limits)

    @property
    def outcomes(self) -> dict[str, dict[str, Any]]:
        """The measured limits by id, in the order of the thresholds file."""
        measured: dict[str, dict[str, Any]] = {}
        for _, record in self._limits():  # where two tests measured one limit, a broken one stands
            if record["limit"] not in measured or record["stops"]:
                measured[record["limit"]] = record
        return with_alarms({limit: measured[limit] for limit in self.limits if limit in measured})

    @property
    def errors(self) -> dict[str, str]:
        """By test, why a limit could not be measured or a rule of the project's own does not hold."""
        explained = {test for test, record in self._limits() if record["stops"]}
        return {test: text for test, text in self.failures.items() if test in self.records and test not in explained}

    @property
    def left_out(self) -> list[str]:
        """Limits that a narrowed run did not select."""
        return [
            limit for limit in self._unmeasured if (self.narrowed or self.deselected) and limit not in self._collected_limits
        ]

    def gaps(self) -> list[str]:
        """Why the run cannot be trusted even where no test failed: one sentence each."""
        gaps = []
        if self.uncollected:
            gaps.append(f"{_count(self.uncollected, 'file')} not collected: {some(self.uncollected)}")
        if lost := sorted(self.collected - self.finished):
            gaps.append(f"{_count(lost, 'collected test')} never reported: {some(lost)}")
        if unmeasured := [limit for limit in self._unmeasured if limit not in self.left_out]:
            gaps.append(f"{_count(unmeasured, 'limit')} not measured: {some(unmeasured)}")
        if hidden := [record["limit"] for test, record in self._limits() if self._is_hidden(test, record)]:
            gaps.append(f"{_count(hidden, 'broken limit')} whose test did not fail (xfail hides nothing here): {some(hidden)}")
        if not gaps and not self.finished:
            gaps.append("no test ran")
        return gaps

    @property
    def verdict(self) -> str:
        """FAIL, PARTIAL (nothing failed, not everything was selected) or PASS."""
        if not self.limits or self.gaps() or self.errors or any(o["stops"] for o in self.outcomes.values()):
            return "FAIL"
        skipped_rules = self.skipped & self.records.keys()
        return "PARTIAL" if self.left_out or self.deselected or skipped_rules else "PASS"

    @property
    def _unmeasured(self) -> list[str]:
        return [limit for limit in self.limits if limit not in self.outcomes]

    @property
    def _collected_limits(self) -> set[str]:
        ids = (test.partition(LIMIT_TEST)[2].removesuffix("]") for test in self.collected if LIMIT_TEST in test)
        return set(ids) & set(self.limits)

    def _limits(self) -> list[tuple[str, dict[str, Any]]]:
        return [(test, record) for test, records in self.records.items() for record in records if record["kind"] == "limit"]

    def _is_hidden(self, test: str, record: dict[str, Any]) -> bool:
        return record["stops"] and test not in self.failures


def _count(things: list[str], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def some(things: list[str]) -> str:
    """The first three, and how many more there are."""
    return ", ".join(things[:3]) + (f" and {len(things) - 3} more" if len(things) > 3 else "")
