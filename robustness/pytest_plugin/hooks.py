"""Hooks for a project's own conftest.py: what the gate found, as values, when it is found and when the run ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robustness.gate.promise import Record
    from robustness.report.results import Results


def pytest_robustness_record(record: Record) -> None:
    """A promise has been measured. Called once for each, in the controller, as the reports of its tests come in.

    What only the whole run can tell is not in it yet: drops from the baseline are alarms or not when the run ends.
    """


def pytest_robustness_results(results: Results, folder: Path) -> None:
    """The run is over, and results.json and report.html are in the folder. Called once, in the controller."""
