"""What one pytest run knows of its gate: the thresholds file, what it says, and the run's name."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
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


def thresholds_file(config: pytest.Config) -> Path | None:
    """`--thresholds`, else a TOML file among the arguments, else `thresholds.toml` in the root folder if there is one."""
    if named := config.getoption("--thresholds"):
        return Path(os.path.abspath(config.invocation_params.dir / named))
    given = {path for path in given_paths(config) if path.suffix == ".toml"}
    if len(given) > 1:
        raise pytest.UsageError(f"one thresholds file a run, not {len(given)}: {', '.join(map(str, sorted(given)))}")
    default = config.rootpath / "thresholds.toml"
    return given.pop() if given else default if default.exists() else None


def given_paths(config: pytest.Config) -> list[Path]:
    """The files and folders on the command line, without node ids."""
    folder = config.invocation_params.dir
    return [Path(os.path.abspath(folder / argument.partition("::")[0])) for argument in config.args]


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
