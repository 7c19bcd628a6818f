"""`results.json` read again, of this version or an older one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robustness.errors import RobustnessError
from robustness.report.results import SCHEMA

SINCE: dict[str, Any] = {"generator_limits": [], "generators": {}, "confusions": [], "turned": []}
"""Keys that schema 1 did not have from its first day, and what their absence means."""


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
        raise RobustnessError(
            f"{file}: schema {results['schema']}, and this version reads schema {SCHEMA}: make the report with the version of "
            "the package that ran the gate, or a newer one"
        )
    return {**SINCE, **results}
