"""What one pytest run knows of its gate: the thresholds file, what it says, and the run's name."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.gate.thresholds import Thresholds

THRESHOLDS = pytest.StashKey["Thresholds | RobustnessError"]()
RUN = pytest.StashKey[str]()
STARTED = pytest.StashKey[Mapping[str, Any]]()
"""By kind of promise, what was looked at before the run's first test."""
PROPERTY = "robustness"
"""The name under which a test's report carries the gate's records."""

STARTED_INPUT = "robustness_started"
"""The name under which xdist's workers are told `STARTED`."""

GATE_FIXTURE = "robustness_thresholds"
"""Every test of the gate depends on this fixture, and no other test does."""

CONTROLLER = "robustness-controller"
"""The name of the plugin that keeps the ledger, where there is one."""

FILE_PROPERTY = "robustness_file"
"""The name under which a test's report carries the file that has the test: a node id is relative, and not always there."""


def thresholds_file(config: pytest.Config) -> Path | None:
    """`--thresholds`, else a TOML file among the arguments, else `thresholds.toml` in the root folder if there is one."""
    if named := _option(config, "thresholds"):
        return Path(os.path.abspath(config.invocation_params.dir / str(named)))
    given = {path for path in given_paths(config) if path.suffix == ".toml"}
    if len(given) > 1:
        raise pytest.UsageError(f"one thresholds file a run, not {len(given)}: {', '.join(map(str, sorted(given)))}")
    default = config.rootpath / "thresholds.toml"
    return given.pop() if given else default if default.exists() else None


def given_paths(config: pytest.Config) -> list[Path]:
    """The files and folders that pytest was started with, without node ids; also before it has read its whole command."""
    return _paths(config, config.args or config.known_args_namespace.file_or_dir or config.getini("testpaths") or ["."])


def _paths(config: pytest.Config, arguments: Iterable[object]) -> list[Path]:
    folder = config.invocation_params.dir
    return [Path(os.path.abspath(folder / str(argument).partition("::")[0])) for argument in arguments]


def asked(config: pytest.Config) -> bool:
    """Whether pytest was started to gate: with a thresholds file, though an option in an ini file may take it for its value."""
    named = [*given_paths(config), *_paths(config, config.invocation_params.args)]
    return bool(_option(config, "thresholds")) or thresholds_file(config) in named


def report_folder(config: pytest.Config) -> Path:
    return config.invocation_params.dir / str(_option(config, "robustness_report"))


def _option(config: pytest.Config, name: str) -> object:
    """Also before pytest has read its whole command, when `config.option` has defaults only."""
    return getattr(config.known_args_namespace, name, None) or getattr(config.option, name, None)


def run_id(config: pytest.Config) -> str:
    """One name for this run, in the controller and in every xdist worker."""
    if is_worker(config):
        return str(config.workerinput["testrunuid"])  # type: ignore[attr-defined]
    run: str = getattr(config.option, "testrunuid", None) or uuid.uuid4().hex
    if hasattr(config.option, "testrunuid"):
        config.option.testrunuid = run
    return run


def started(config: pytest.Config, thresholds: Thresholds) -> dict[str, Any]:
    """`STARTED`: workers are told what the controller saw."""
    if is_worker(config):
        return dict(config.workerinput[STARTED_INPUT])  # type: ignore[attr-defined]
    return {kind.name: kind.start(thresholds) for kind in thresholds.promise_kinds}


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def declared_thresholds(config: pytest.Config) -> Thresholds:
    """The thresholds of this run; a `RobustnessError` says why there are none."""
    thresholds = config.stash.get(THRESHOLDS, None)
    if thresholds is None:
        raise RobustnessError(f"no thresholds.toml in {config.rootpath}; `robustness init` writes one to start from")
    if isinstance(thresholds, RobustnessError):
        raise thresholds
    return thresholds


def promises(config: pytest.Config) -> Thresholds:
    """The thresholds, to parametrize tests with; where there are none, collection stops with the reason."""
    try:
        return declared_thresholds(config)
    except RobustnessError as error:
        raise pytest.Collector.CollectError(str(error)) from error


def is_gate_test(item: pytest.Item) -> bool:
    return GATE_FIXTURE in getattr(item, "fixturenames", ())
