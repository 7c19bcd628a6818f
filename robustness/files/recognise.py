"""Files that are not what their name says: pointers and pages that came in place of the content."""

from __future__ import annotations

from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/"
PAGES = (b"<!doctype html", b"<html")


def stand_in(file: Path) -> str | None:
    """What lies in the place of a file's content, with the remedy; None where nothing is known to, or it cannot be read."""
    try:
        with file.open("rb") as content:
            start = content.read(256)
    except OSError:
        return None
    if start.startswith(POINTER):
        return "is a pointer of Git LFS, not the file itself: run `git lfs pull`"
    if start.lstrip().lower().startswith(PAGES):
        return "is an HTML page, as a server gives that wants a login: download the file itself"
    return None
