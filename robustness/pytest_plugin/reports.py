"""From the reports of tests to the ledger, the results and the summary; nothing may be lost on the way."""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from robustness.errors import RobustnessError
from robustness.gate.ledger import Ledger
from robustness.gate.notes import NOTES, ImagesUsed, figure, from_text, plain
from robustness.pytest_plugin.run import (
    FILE_PROPERTY,
    PROPERTY,
    RUN,
    STARTED,
    STARTED_INPUT,
    asked,
    given_paths,
    is_gate_test,
    report_folder,
)
from robustness.pytest_plugin.typed import is_narrowed, narrowed_elsewhere, shows
from robustness.report.ci.junit import junit_properties
from robustness.report.former import refuse_another, take_over

if TYPE_CHECKING:
    from robustness.data import ImageSet
    from robustness.gate.thresholds import Thresholds
    from robustness.report.results import Results

SUITE = re.compile(r"^\s*(from|import) robustness\.suite\b", re.MULTILINE)
"""In the text of a module that takes the gate's tests along."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """xdist sends plain values only, and loses a report with any other: a test of the gate fails instead of vanishing."""
    report = yield
    if not is_gate_test(item):
        return report
    kept: list[tuple[str, object]] = []
    for name, value in report.user_properties:
        try:
            kept.append((name, plain(value)))
        except (TypeError, ValueError):
            report.outcome = "failed"
            report.longrepr = (
                f"the recorded property {name!r} is a {type(value).__name__}, which cannot be reported: "
                "record a number, a text, a list or a dict"
            )
    report.user_properties[:] = kept
    return report


class WorkerHooks:
    """In an xdist worker: tells the controller what only a worker knows."""

    def __init__(self) -> None:
        self.deselected: list[str] = []

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += [item.nodeid for item in items if is_gate_test(item)]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        session.config.workeroutput["robustness_deselected"] = self.deselected  # type: ignore[attr-defined]


class Controller:
    """Where reports arrive, the xdist controller or the only process: keeps the ledger, and closes it."""

    def __init__(self, config: pytest.Config, thresholds: Thresholds) -> None:
        self.config, self.thresholds = config, thresholds
        self.folder = report_folder(config)
        self.started = time.time()
        self.results: Results | None = None
        self.unwritten: str | None = None
        self.ledger = Ledger.of(thresholds, asked(config))
        self.ledger.elsewhere = narrowed_elsewhere(config)
        self.ledger.narrowed = config.getoption("--allow-partial") or (is_narrowed(config) and not self.ledger.elsewhere)
        if self.ledger.asked:
            given = [path for path in given_paths(config) if path.exists() and path != thresholds.file]
            self.ledger.named = {os.path.relpath(path, config.invocation_params.dir): path for path in given}
        self.classes = (*NOTES, *(cls for kind in thresholds.promise_kinds for cls in (kind.record, *kind.notes)))
        self.promises = tuple(kind.record for kind in thresholds.promise_kinds)
        self.fixtures = ("accuracy", "predictions", "test_set", *(model.fixture for model in thresholds.models.values()))
        self.begun = False
        if self.is_gate:
            self._begin()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._collect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._collect(ids)

    def _collect(self, tests: Iterable[str]) -> None:
        self.ledger.collect(tests)
        if self.is_gate and not self.begun:
            self._begin()

    def _begin(self) -> None:
        """A run that dies must leave neither a former verdict to be read as its own nor results bound to its name."""
        from robustness.evaluation.store import Store

        self.begun = True
        with _as_usage_error():
            take_over(self.folder, self.thresholds.file)
        Store().end_run(self.config.stash[RUN])

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.ledger.deselected.update(item.nodeid for item in items if is_gate_test(item))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[STARTED_INPUT] = self.config.stash[STARTED]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        if error:  # it cannot say any more what it left out
            self.ledger.dead_workers.append(node.gateway.id)
        self.ledger.deselected.update(getattr(node, "workeroutput", {}).get("robustness_deselected", ()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The gate's notes go to the ledger; others, JUnit XML first of all, get them as properties that people read."""
        notes = [from_text(str(value), self.classes) for name, value in report.user_properties if name == PROPERTY]
        failed_once = report.failed or str(report.outcome) == "rerun"  # of plugins that try again what failed
        failure = _message(report) if failed_once else None
        last = report.when == "teardown"
        recorded = [figure(name, value) for name, value in report.user_properties if name not in (PROPERTY, FILE_PROPERTY)]
        of_gate = [*notes, *recorded] if notes else []
        self.ledger.report(report.nodeid, last, failure, of_gate, report.skipped, report.duration)
        for name, file in report.user_properties:
            if name == FILE_PROPERTY:
                self.ledger.files[report.nodeid] = str(file)
        told = [pair for note in notes for pair in junit_properties(note)]
        report.user_properties[:] = [
            *(pair for pair in report.user_properties if pair[0] not in (PROPERTY, FILE_PROPERTY)),
            *told,
        ]
        for note in notes if last else ():
            if isinstance(note, self.promises):
                self.config.hook.pytest_robustness_record(record=note)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and report.nodeid not in self.ledger.uncollected:
            self.ledger.uncollected.append(report.nodeid)
        if report.skipped or report.failed:
            self._not_collected(report)

    def _not_collected(self, report: pytest.CollectReport) -> None:
        """A file that skips itself or breaks as it is imported has tests that nobody counts: it is read for what they ask."""
        file = self.config.rootpath / report.nodeid.partition("::")[0]
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "import robustness.suite"
        left_out = "not robustness" in self.config.option.markexpr
        if SUITE.search(text) and not self.is_gate and not left_out:
            self.ledger.asked = True
            self._begin()
        if report.skipped and any(re.search(rf"\b{word}\b", text) for word in ("robustness", *self.fixtures)):
            self.ledger.skipped_files.append(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After the last test: what is missing counts as a failed test, so that the exit code says so."""
        result = yield
        if self.is_gate and self.ledger.close().gaps:
            session.testsfailed += 1
        return result

    @property
    def is_gate(self) -> bool:
        return self.ledger.is_gate and not self.config.option.collectonly and not shows(self.config)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from robustness.evaluation.store import Store

        try:
            if self.is_gate and exitstatus != pytest.ExitCode.USAGE_ERROR:
                self._write_results(session)
        finally:
            Store().end_run(self.config.stash[RUN])

    def _write_results(self, session: pytest.Session) -> None:
        from robustness.report.build import build_results
        from robustness.report.file import write_results
        from robustness.report.html.page import write_report
        from robustness.study.published import HYPOTHESES, figures_of

        thresholds, images = self.thresholds, _images(self.thresholds, self.config.stash[RUN])
        if images is not None:  # what the report shows has to be what was measured
            self.ledger.besides["the report"] = ImagesUsed(images=images.name, hash=images.content_hash)
        ended = self.ledger.close()
        self.results = build_results(
            ended,
            thresholds,
            sys.argv,
            self.started,
            self.config.stash[RUN],
            images,
            figures_of,
            HYPOTHESES,
            self.config.getoption("--robustness-run") or uuid.uuid4().hex,
        )
        with _as_usage_error():  # another run, at the same time
            refuse_another(self.folder, thresholds.file)
        kept = write_results(self.results, self.folder)
        self.report = write_report(self.results, self.folder, kept)
        self._append_summary(self.results)
        if self.results.verdict == "FAIL" and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self.config.hook.pytest_robustness_results(results=self.results, folder=self.folder)

    def _append_summary(self, results: Results) -> None:
        """Where GitHub says that a job's summary goes. It is a courtesy: no verdict hangs on it."""
        from robustness.report.ci.markdown import append_summary

        if file := os.environ.get("GITHUB_STEP_SUMMARY"):
            try:
                append_summary(results, Path(file))
            except OSError as error:
                self.unwritten = f"no summary in GITHUB_STEP_SUMMARY: {file}: {error.strerror}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.results is None:
            return
        from robustness.report.ci.annotations import workflow_commands
        from robustness.report.text.bars import fits
        from robustness.report.text.terminal import error_lines, limit_rows, promise_lines, verdict_sentence

        verdict = self.results.verdict
        markup = {{"PASS": "green", "PARTIAL": "yellow"}.get(verdict, "red"): True}
        terminalreporter.write_sep("=", "robustness gate", **markup)
        width = self.config.get_terminal_writer().fullwidth
        for row in limit_rows(self.results, width, ascii_only=not fits(sys.stdout.encoding)):
            terminalreporter.write_line(row, **{"red": True} if row.endswith("FAIL") else {})
        for line, stops in promise_lines(self.results):
            terminalreporter.write_line(line, red=stops)
        for line in error_lines(self.results):
            terminalreporter.write_line(line, red=True)
        for warning in self.results.warnings:
            terminalreporter.write_line(f"warning: {warning}", yellow=True)
        if self.results.images and self.results.images.left_out:
            terminalreporter.write_line(f"{self.results.images.name}: {self.results.images.left_out}", yellow=True)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for line in workflow_commands(self.results, Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())):
                terminalreporter.write_line(line)
        if self.unwritten:
            terminalreporter.write_line(self.unwritten, yellow=True)
        terminalreporter.write_line(f"report: {os.path.relpath(self.report)}")
        terminalreporter.write_line(verdict_sentence(self.results), bold=True, **markup)


def _images(thresholds: Thresholds, run: str) -> ImageSet | None:
    """None where they cannot be read, which the tests have said already."""
    from robustness.data import load_image_set
    from robustness.gate.workbench import with_outside

    try:
        images = with_outside(load_image_set(thresholds.data, base=thresholds.base, run=run), thresholds)
        _ = images.content_hash  # files are read now
        return images
    except (Exception, SystemExit):  # a user's own data set may raise anything, and the results have to be written all the same
        return None


def _message(report: pytest.TestReport) -> str:
    """What a failure says, without the traceback that pytest shows."""
    crash = getattr(report.longrepr, "reprcrash", None)
    message = crash.message if crash else report.longreprtext
    return str(message).removeprefix("Failed: ")


@contextmanager
def _as_usage_error() -> Iterator[None]:
    try:
        yield
    except RobustnessError as error:
        raise pytest.UsageError(str(error)) from error
