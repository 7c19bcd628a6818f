"""The pytest door: options in; limits, fixtures and hooks for the tests; results and a summary out.

Where no limits are selected it does nothing, and it imports nothing heavy before a limit or a model is asked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator

import pytest

from robustness.errors import RobustnessError
from robustness.pytest_plugin.run import RUN, STARTED, THRESHOLDS, is_worker, run_id, started, thresholds_file


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
        "--robustness-profile",
        choices=["dev", "ci", "nightly"],
        default="ci" if os.environ.get("CI") else "dev",
        help="how hard hunts for flips try: dev 30 perturbations, ci 100, both the same every time; nightly 2,000 new ones "
        "(default: ci where CI is set, else dev)",
    )


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
    config.pluginmanager.register(controller)
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
