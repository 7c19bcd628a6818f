"""The pytest door: options in; limits, fixtures and hooks for the tests; results and a summary out.

Where no limits are selected it does nothing, and it imports nothing heavy before a limit or a model is asked for.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from robustness.errors import RobustnessError
from robustness.report.ledger import LIMIT_TEST

if TYPE_CHECKING:
    from robustness.gate.thresholds import Limit, Thresholds

FILE = pytest.StashKey[Path | None]()
THRESHOLDS = pytest.StashKey["Thresholds | RobustnessError"]()
RUN = pytest.StashKey[str]()
PROPERTY = "robustness"
GATE_FIXTURE = "robustness_thresholds"  # every test of the gate depends on it


# Options and the thresholds file


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("robustness", "robustness: a release gate for image classifiers")
    group.addoption(
        "--thresholds", metavar="FILE", help="the limits to gate on (default: thresholds.toml in pytest's root folder)"
    )
    group.addoption(
        "--robustness-report",
        metavar="FOLDER",
        default="robustness-report",
        help="where report.html and results.json go (default: robustness-report)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUN] = _run_id(config)
    config.stash[FILE] = file = _thresholds_file(config)
    if file is None:
        return
    from robustness import pytest_fixtures
    from robustness.gate.thresholds import read_thresholds

    config.pluginmanager.register(pytest_fixtures, "robustness-fixtures")
    try:
        thresholds = read_thresholds(file)
    except RobustnessError as error:  # somebody's unit tests may not care: said when a limit or a model is asked for
        config.stash[THRESHOLDS] = error
        return
    config.stash[THRESHOLDS] = thresholds
    config.pluginmanager.register(pytest_fixtures.model_fixtures(thresholds), "robustness-models")
    if _is_worker(config):
        config.pluginmanager.register(WorkerHooks())
        return
    controller = Controller(config, thresholds)
    config.pluginmanager.register(controller)
    if controller.ledger.asked and sys.stderr.isatty():
        config.pluginmanager.register(ProgressBar())


def _thresholds_file(config: pytest.Config) -> Path | None:
    """`--thresholds`, else a TOML file among the arguments, else `thresholds.toml` in the root folder if there is one."""
    folder = config.invocation_params.dir
    if named := config.getoption("--thresholds"):
        return Path(os.path.abspath(folder / named))
    given = {Path(os.path.abspath(folder / path)) for path in _paths(config) if path.endswith(".toml")}
    if len(given) > 1:
        raise pytest.UsageError(f"one thresholds file a run, not {len(given)}: {', '.join(map(str, sorted(given)))}")
    default = config.rootpath / "thresholds.toml"
    return given.pop() if given else default if default.exists() else None


def _paths(config: pytest.Config) -> list[str]:
    return [argument.partition("::")[0] for argument in config.args]


def _run_id(config: pytest.Config) -> str:
    """One name for this run, in the controller and in every xdist worker."""
    if _is_worker(config):
        return str(config.workerinput["testrunuid"])  # type: ignore[attr-defined]
    run: str = getattr(config.option, "testrunuid", None) or uuid.uuid4().hex
    if hasattr(config.option, "testrunuid"):
        config.option.testrunuid = run
    return run


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def declared_thresholds(config: pytest.Config) -> Thresholds:
    """The thresholds of this run; a `RobustnessError` says why there are none."""
    thresholds = config.stash.get(THRESHOLDS, None)
    if thresholds is None:
        raise RobustnessError(f"no thresholds.toml in {config.rootpath}; `robustness init` writes one to start from")
    if isinstance(thresholds, RobustnessError):
        raise thresholds
    return thresholds


def declared_limits(config: pytest.Config) -> tuple[Limit, ...]:
    """The limits to parametrize tests with; where there are none, collection stops with the reason."""
    try:
        return declared_thresholds(config).limits
    except RobustnessError as error:
        raise pytest.Collector.CollectError(str(error)) from error


# Collection: `pytest thresholds.toml` runs the packaged suite


class ThresholdsFile(pytest.File):
    """A thresholds file as tests: the modules of the packaged suite."""

    def collect(self) -> Iterator[pytest.Collector]:
        declared_limits(self.config)
        for module in sorted((Path(__file__).parent / "suite").glob("test_*.py")):
            yield pytest.Module.from_parent(self, path=module)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path == parent.config.stash[FILE] and parent.session.isinitpath(file_path):
        return ThresholdsFile.from_parent(parent, path=file_path)
    return None


def pytest_itemcollected(item: pytest.Item) -> None:
    if _is_gate_test(item):
        from robustness.report.records import to_property

        item.user_properties.append((PROPERTY, to_property("rule", {})))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Noise specs in a project's own parametrized tests read as `gaussian(sigma=25)`."""
    return str(val) if type(val).__module__ == "robustness.noise.specs" else None


def _is_gate_test(item: pytest.Item) -> bool:
    return GATE_FIXTURE in getattr(item, "fixturenames", ())


# Reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """xdist sends plain values only, and loses a report with any other: a test of the gate fails instead of vanishing."""
    report = yield
    if not _is_gate_test(item):
        return report
    from robustness.report.records import plain

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
        self.deselected = 0

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += sum(map(_is_gate_test, items))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        session.config.workeroutput["robustness_deselected"] = self.deselected  # type: ignore[attr-defined]


class Controller:
    """Where reports arrive, the xdist controller or the only process: keeps the ledger, and closes it."""

    def __init__(self, config: pytest.Config, thresholds: Thresholds) -> None:
        from robustness.report.ledger import Ledger

        self.config, self.thresholds = config, thresholds
        self.started = time.time()
        self.results: dict[str, Any] | None = None
        asked = thresholds.file in {Path(os.path.abspath(config.invocation_params.dir / path)) for path in _paths(config)}
        self.ledger = Ledger([str(limit) for limit in thresholds.limits], asked, _is_narrowed(config))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.ledger.collect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.ledger.collect(ids)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.ledger.deselected |= any(map(_is_gate_test, items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.ledger.deselected |= bool(getattr(node, "workeroutput", {}).get("robustness_deselected"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        records = [str(value) for name, value in report.user_properties if name == PROPERTY]
        failure = report.longreprtext if report.failed else None
        self.ledger.report(report.nodeid, report.when == "teardown", failure, records)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After the last test: what is missing counts as a failed test, so that the exit code says so."""
        result = yield
        if self.ledger.is_gate and not self.config.option.collectonly and self.ledger.gaps():
            session.testsfailed += 1
        return result

    def pytest_sessionfinish(self) -> None:
        from robustness.evaluation.store import Store
        from robustness.report.html import write_report
        from robustness.report.results import build_results, write_results

        Store().end_run(self.config.stash[RUN])
        if self.ledger.is_gate and not self.config.option.collectonly:
            self.results = build_results(self.ledger, self.thresholds, sys.argv, self.started)
            folder = self.config.invocation_params.dir / self.config.getoption("--robustness-report")
            write_results(self.results, folder)
            self.report = write_report(self.results, folder)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.results is None:
            return
        from robustness.report.terminal import error_lines, limit_rows, verdict_sentence

        verdict = self.results["verdict"]
        markup = {{"PASS": "green", "PARTIAL": "yellow"}.get(verdict, "red"): True}
        terminalreporter.section("robustness gate", "=", **markup)
        for row in limit_rows(self.results):
            terminalreporter.write_line(row, **{"red": True} if row.endswith("FAIL") else {})
        for line in error_lines(self.results):
            terminalreporter.write_line(line, red=True)
        terminalreporter.write_line(f"report: {os.path.relpath(self.report)}")
        terminalreporter.write_line(verdict_sentence(self.results), bold=True, **markup)


class ProgressBar:
    """On a terminal, a bar with the time left instead of pytest's dots, one step per limit."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self.bar = tqdm(desc="measuring limits", unit="limit", file=sys.stderr, leave=False, total=0)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._expect(ids)

    def _expect(self, tests: Iterable[str]) -> None:
        self.bar.total = max(self.bar.total, sum(LIMIT_TEST in test for test in tests))
        self.bar.refresh()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" and LIMIT_TEST in report.nodeid:
            self.bar.update()

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        silent = report.when == "call" and report.passed and LIMIT_TEST in report.nodeid
        return ("passed", "", "PASSED") if silent else None

    def pytest_sessionfinish(self) -> None:
        self.bar.close()


def _is_narrowed(config: pytest.Config) -> bool:
    """Whether the command left tests out on purpose."""
    options = ("keyword", "markexpr", "deselect", "lf", "stepwise")
    return any(getattr(config.option, name, None) for name in options) or any("::" in path for path in config.args)
