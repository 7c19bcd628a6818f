"""What lies in a report folder: whose verdict it is. Read without all that results are made of, since a run begins with it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from robustness.errors import RobustnessError

RESULTS = "results.json"
FILES = (RESULTS, "report.html")


def take_over(folder: Path, thresholds: Path) -> None:
    """Remove the former verdict on a thresholds file, before anything of a new run can fail."""
    refuse_another(folder, thresholds)
    forget_results(folder)


def refuse_another(folder: Path, thresholds: Path) -> None:
    """A verdict on another file is nobody's to overwrite: what broke there would be lost without a word."""
    of = _text(_former(folder), "thresholds", "path")
    if (
        of
        and Path(of) != Path(os.path.abspath(thresholds))
        and _text(_former(folder), "thresholds", "sha256") != _sha256(thresholds)
    ):
        raise RobustnessError(
            f"{folder} holds the verdict on {of}, which one on {thresholds} would overwrite: "
            f"give this run a folder of its own with --robustness-report FOLDER, or delete {folder}"
        )


def forget_results(folder: Path) -> None:
    """Remove what a former run wrote."""
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def verdict_of(folder: Path, run: str) -> str:
    """The verdict of the run of this id; nothing where the folder has none of it."""
    former = _former(folder)
    return _text(former, "verdict") if _text(former, "run", "id") == run else ""


def measured_by(folder: Path, given: Iterable[Path]) -> bool:
    """Whether the verdict there was measured by test files that lie in these files and folders."""
    run = _former(folder).get("run")
    files = run.get("files", []) if isinstance(run, dict) else []
    return any(Path(file).is_relative_to(path) for file in files for path in given)


def _former(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / RESULTS).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(content: object, *keys: str) -> str:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, str) else ""


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
