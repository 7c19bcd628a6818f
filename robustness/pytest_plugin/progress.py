"""How far the gate is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pytest
from tqdm import tqdm

from robustness.gate.ledger import Ledger


class ProgressBar:
    """On a terminal, a bar with the time left instead of pytest's dots, one step per limit."""

    def __init__(self, ledger: Ledger) -> None:
        self.promise_of = ledger.promise_of
        self.bar = tqdm(desc="measuring limits", unit="limit", file=sys.stderr, leave=False, total=0)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._expect(ids)

    def _expect(self, tests: Iterable[str]) -> None:
        self.bar.total = max(self.bar.total, sum(self.promise_of(test) is not None for test in tests))
        self.bar.refresh()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" and self.promise_of(report.nodeid):
            self.bar.update()

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        silent = report.when == "call" and report.passed and self.promise_of(report.nodeid) is not None
        return ("passed", "", "PASSED") if silent else None

    def pytest_sessionfinish(self) -> None:
        self.bar.close()
