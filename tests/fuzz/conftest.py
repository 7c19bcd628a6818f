"""Hostile input to every reader: `pytest tests/fuzz -n 0`, which ends with a table of what was tried."""

from __future__ import annotations

import pytest
from hostile import COUNTS


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory):
    """A cache and a data folder of the session's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROBUSTNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("ROBUSTNESS_DATA", raising=False)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For the files of one parser."""
    return tmp_path_factory.mktemp("hostile")


def pytest_terminal_summary(terminalreporter):
    if not COUNTS:
        return
    terminalreporter.section("hostile input")
    line = "{:<24}{:>8}{:>17}{:>10}{:>9}{:>9}".format
    terminalreporter.write_line(line("parser", "inputs", "past the syntax", "accepted", "refused", "seconds"))
    rows = [(name, (c.inputs, c.past, c.accepted, c.refused, c.seconds)) for name, c in sorted(COUNTS.items())]
    total = ("all", tuple(map(sum, zip(*(numbers for _, numbers in rows), strict=True))))
    for name, (inputs, past, accepted, refused, seconds) in [*rows, total]:
        shown = (f"{inputs:,}", f"{past:,}", f"{accepted:,}", f"{refused:,}", f"{seconds:.1f}")
        terminalreporter.write_line(line(name, *shown))
