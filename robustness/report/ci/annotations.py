"""What stops a release and what warns as GitHub's workflow commands, which it shows beside the lines of the thresholds file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from robustness.report.results import Results
from robustness.report.text.terminal import error_lines

PLACE = re.compile(r"(?P<file>[^\s():]+\.\w+):(?P<line>\d+)")


def workflow_commands(results: Results, workspace: Path) -> list[str]:
    """A command for everything that stops the release, and for each warning; files are named from the workspace.

    An error without a place that lies in the workspace is told of the run as a whole.
    """
    thresholds = Path(results.thresholds.path)
    told = []
    for record in results.stopping:
        again = "" if record.again is None else f"\nrepeat: {record.again}"
        told.append(_command(record.title, f"{record.reason}{again}", thresholds, record.place, workspace))
    told += [
        _command("next to no noise", warning.words, thresholds, warning.place, workspace, "warning")
        for warning in results.warnings
    ]
    for line in error_lines(results):
        places = [match for match in PLACE.finditer(line) if _inside(thresholds.parent / match["file"], workspace)]
        file = thresholds.parent / places[-1]["file"] if places else None
        told.append(_command("robustness gate", line, file, places[-1][0] if places else "", workspace))
    return told


def _command(title: str, message: str, file: Path | None, place: str, workspace: Path, level: str = "error") -> str:
    """place: ends with a colon and the line in the file."""
    where = {} if file is None else {"file": _seen_from(workspace, file), "line": place.rpartition(":")[2]}
    properties = ",".join(f"{name}={_property(value)}" for name, value in {**where, "title": title}.items())
    return f"::{level} {properties}::{_data(message)}"


def _inside(file: Path, workspace: Path) -> bool:
    return file.resolve().is_relative_to(workspace.resolve()) and file.is_file()


def _seen_from(workspace: Path, file: Path) -> str:
    """With slashes on every system, as GitHub names files."""
    try:
        return Path(os.path.relpath(file.resolve(), workspace.resolve())).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()


def _data(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
