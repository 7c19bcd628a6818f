"""The pytest door: options in; limits, fixtures and hooks for the tests; results and a summary out.

Where no limits are selected it does nothing, and it imports nothing heavy before a limit or a model is asked for.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator

import pytest

from robustness.errors import RobustnessError
from robustness.pytest_plugin.exit_code import pytest_cmdline_main
from robustness.pytest_plugin.run import (
    CONTROLLER,
    RUN,
    STARTED,
    THRESHOLDS,
    asked,
    given_paths,
    is_worker,
    report_folder,
    run_id,
    started,
    thresholds_file,
)
from robustness.pytest_plugin.typed import is_narrowed, read_typed, shows
from robustness.report.former import measured_by, take_over

__all__ = ["pytest_cmdline_main"]


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
    group.addoption(
        "--allow-partial",
        action="store_true",
        help="exit with 0 also where an ini file, a plugin or a conftest.py leaves a part of the gate out",
    )
    group.addoption("--robustness-run", default="", help=argparse.SUPPRESS)  # of `robustness gate`: the id of this run
    group.addoption(
        "--robustness-profile",
        choices=["dev", "ci", "nightly"],
        default="ci" if os.environ.get("CI") else "dev",
        help="how hard hunts for flips try: dev 30 perturbations, ci 100, both the same every time; nightly 2,000 new ones "
        "(default: ci where CI is set, else dev)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> None:
    """The former verdict goes before a conftest.py, an option that is unknown or a broken thresholds file ends the run."""
    read_typed(early_config, parser)
    file, folder = thresholds_file(early_config), report_folder(early_config)
    if file is None or shows(early_config):
        return
    if asked(early_config) or (measured_by(folder, given_paths(early_config)) and not is_narrowed(early_config)):
        try:
            take_over(folder, file)
        except RobustnessError as error:
            raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "robustness: a test of the gate; `-m robustness` selects them")
    config.stash[RUN] = run_id(config)
    file = thresholds_file(config)
    if file is None:
        return
    from robustness.kinds import read_thresholds
    from robustness.pytest_plugin import collection, fixtures, gpus, reports

    config.pluginmanager.register(fixtures)
    config.pluginmanager.register(collection)
    try:
        thresholds = read_thresholds(file)
    except RobustnessError as error:  # somebody's unit tests may not care: said when a limit or a model is asked for
        config.stash[THRESHOLDS] = error
        return
    config.stash[THRESHOLDS] = thresholds
    config.stash[STARTED] = started(config, thresholds)
    config.pluginmanager.register(fixtures.model_fixtures(thresholds))
    config.pluginmanager.register(reports)
    if is_worker(config):
        config.add_cleanup(gpus.take_one(config.workerinput["workerid"]).close)  # type: ignore[attr-defined]
        config.pluginmanager.register(reports.WorkerHooks())
        return
    controller = reports.Controller(config, thresholds)
    config.pluginmanager.register(controller, CONTROLLER)
    if controller.ledger.asked and sys.stderr.isatty():
        from robustness.pytest_plugin.progress import ProgressBar

        config.pluginmanager.register(ProgressBar(controller.ledger))


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> Generator[None, int | None, int | None]:
    """`-n auto` starts no more workers than have room on the GPUs, where there are any and limits to gate on."""
    workers = yield
    if not workers or thresholds_file(config) is None:
        return workers
    from robustness.pytest_plugin.gpus import visible_gpus, workers_with_room

    gpus = visible_gpus()
    return min(workers, workers_with_room(gpus)) if gpus else workers


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from robustness.pytest_plugin import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Noise specs in a project's own parametrized tests read as `gaussian(sigma=25)`."""
    return str(val) if any(base.__module__ == "robustness.noise.specs" for base in type(val).__mro__) else None
