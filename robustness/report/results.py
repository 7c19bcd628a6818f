"""`results.json`: everything a run found out, in one file that reports are made from.

Schema 1, an object with

    schema        1
    verdict       "PASS", "FAIL", or "PARTIAL": nothing failed, but a narrowed run is no release verdict
    gaps          sentences: what was to be measured and was not
    thresholds    the file: path, SHA-256 of its bytes
    data, seed    as the file names them
    models        by name: how the file declares each
    limits        one object per measured limit, in the file's order (`robustness.gate.check.Outcome`)
    left_out      ids of limits that a narrowed run did not select
    errors        by test: why a limit could not be measured, or a rule of the project's own does not hold
    measurements  what the project's own rules measured, by test
    run           command, start (UTC, ISO 8601), seconds, versions, platform
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from robustness.gate.thresholds import Thresholds
from robustness.report.ledger import Ledger

SCHEMA = 1
VERSIONS = ("pytest-robustness", "torch", "torchvision", "numpy", "pillow", "pytest")


def build_results(ledger: Ledger, thresholds: Thresholds, command: list[str], started: float) -> dict[str, Any]:
    """The content of results.json. started: seconds since the epoch."""
    return {
        "schema": SCHEMA,
        "verdict": ledger.verdict,
        "gaps": ledger.gaps(),
        "thresholds": {
            "path": str(thresholds.file),
            "sha256": hashlib.sha256(thresholds.file.read_bytes()).hexdigest(),
        },
        "data": thresholds.data,
        "seed": thresholds.seed,
        "models": {name: asdict(declaration) for name, declaration in thresholds.models.items()},
        "limits": list(ledger.outcomes.values()),
        "left_out": ledger.left_out,
        "errors": ledger.errors,
        "measurements": {
            test: measured
            for test, records in ledger.records.items()
            if (measured := [record for record in records if record["kind"] == "measurement"])
        },
        "run": {
            "command": command,
            "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - started, 3),
            "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
    }


def write_results(results: dict[str, Any], folder: Path) -> Path:
    """Write results.json into the folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "results.json"
    partial = folder / f"results.{os.getpid()}.partial"
    try:
        partial.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
    return file
