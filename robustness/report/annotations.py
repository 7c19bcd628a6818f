"""What stops a release as GitHub's workflow commands, which it shows beside the lines of the thresholds file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from robustness.report.terminal import error_lines

PLACE = re.compile(r"(?P<file>[^\s():]+\.\w+):(?P<line>\d+)")


def workflow_commands(results: dict[str, Any], workspace: Path) -> list[str]:
    """A command for everything in results.json that stops the release; files are named from the workspace.

    An error without a place that lies in the workspace is told of the run as a whole.
    """
    thresholds = Path(results["thresholds"]["path"])
    told = [_command(title, message, thresholds, place, workspace) for title, message, place in _broken(results)]
    for line in error_lines(results):
        places = [match for match in PLACE.finditer(line) if _inside(thresholds.parent / match["file"], workspace)]
        file = thresholds.parent / places[-1]["file"] if places else None
        told.append(_command("robustness gate", line, file, places[-1][0] if places else "", workspace))
    return told


def _broken(results: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Titles, messages and places."""
    for limit in results["limits"]:
        if limit["stops"]:
            title = f"{limit['model']} under {limit['subject']}: {limit['verdict']}"
            yield title, f"{limit['reason']}\nrepeat: {limit['repeat']}", limit["place"]
    for hunt in results["hunts"]:
        if hunt["stops"]:
            yield f"hunt {hunt['hunt']}", f"{hunt['words']}\nreplay: {hunt['replay']}", hunt["place"]
    for claim in results["claims"]:
        if claim["stops"]:
            message = f"{claim['outcome']}, declared {claim['expected']}: {claim['words']}"
            yield f"claim {claim['claim']}", message, claim["place"]
    for mark in results["generator_limits"]:
        if mark["stops"]:
            yield f"generator limit {mark['generator_limit']}", mark["words"], mark["place"]


def _command(title: str, message: str, file: Path | None, place: str, workspace: Path) -> str:
    """place: ends with a colon and the line in the file."""
    where = {} if file is None else {"file": _seen_from(workspace, file), "line": place.rpartition(":")[2]}
    properties = ",".join(f"{name}={_property(value)}" for name, value in {**where, "title": title}.items())
    return f"::error {properties}::{_data(message)}"


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
