"""`results.json` read again, of this version or an older one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from robustness.errors import RobustnessError, in_one_line
from robustness.files.schemas import unreadable
from robustness.report.results import SCHEMA

SINCE: dict[str, Any] = {
    "hunts": [],
    "claims": [],
    "published": {},
    "generator_limits": [],
    "generators": {},
    "confusions": [],
    "turned": [],
    "per_class": [],
    "timings": [],
}
"""Keys that schema 1 did not have from its first day, and what their absence means."""

VERDICTS = ("PASS", "PARTIAL", "FAIL")

FIRST = "is_plain"
"""What every limit says since limits can ask for more than accuracy."""


def read_results(file: Path) -> dict[str, Any]:
    """The content; a `RobustnessError` where it is no results of a gate, or those of a version that is not known here."""
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RobustnessError(f"{file}: no such file; a gate writes robustness-report/results.json") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{file}: cannot be read as JSON ({error}); run the gate again") from error
    if not isinstance(results, dict) or not isinstance(results.get("schema"), int):
        raise RobustnessError(f"{file}: not the results of a gate, which are an object with a schema")
    if results["schema"] != SCHEMA:
        raise RobustnessError(f"{file}: {unreadable('results', results['schema'], SCHEMA, _made_by(results))}")
    limits = results.get("limits")
    if isinstance(limits, list) and any(isinstance(limit, dict) and FIRST not in limit for limit in limits):
        raise RobustnessError(
            f"{file}: written before limits could ask for more than accuracy, and too little is in it for a report; run the "
            "gate again"
        )
    whole = {**SINCE, **results}
    try:
        contradicts = any(_stopping(whole)) and whole["verdict"] != "FAIL"
    except (KeyError, TypeError) as error:
        raise RobustnessError(
            f"{file}: not as a gate wrote it ({type(error).__name__}: {in_one_line(error)}); run the gate again"
        ) from error
    if contradicts or whole["verdict"] not in VERDICTS:
        raise RobustnessError(f"{file}: says {whole['verdict']!r}, and what it holds says otherwise; run the gate again")
    return whole


def _stopping(results: dict[str, Any]) -> Iterator[object]:
    """Whatever is true here stops a release."""
    for name in ("limits", "hunts", "claims", "generator_limits"):
        yield from (promise["stops"] for promise in results[name])
    yield from (results["gaps"], results["errors"])


def _made_by(results: dict[str, Any]) -> object:
    try:
        return results["run"]["versions"]["pytest-robustness"]
    except (KeyError, TypeError):  # another schema may keep it elsewhere
        return results.get("made_by")
