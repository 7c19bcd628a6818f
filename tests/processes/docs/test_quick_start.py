"""docs/quick-start.md, followed to the letter: every command of ours in order, and every line of output that it shows."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from docs_pages import FENCE, ROOT

BLOCKS = [block[1:] for block in FENCE.findall((ROOT / "docs" / "quick-start.md").read_text(encoding="utf-8"))]
EXIT_CODES = [1, 0, 0, 0]
"""As the page says them: the first gate fails."""


def test_the_page_shows_what_its_commands_print(tmp_path):
    ((_, thresholds),) = [block for block in BLOCKS if block[0] == "toml"]
    (tmp_path / "thresholds.toml").write_text(thresholds, encoding="utf-8")
    printed, codes, compared = "", [], 0
    for language, block in BLOCKS:
        if language == "":
            assert lines_missing(block, printed) == []
            compared += 1
        elif language == "sh" and block.startswith("robustness "):
            printed, code = run(shlex.split(block), tmp_path)
            codes.append(code)
    assert codes == EXIT_CODES
    assert compared >= len(EXIT_CODES)


def run(command, folder):
    environment = {**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    arguments = [sys.executable, "-m", "robustness.cli", *command[1:]]
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    return done.stdout + done.stderr, done.returncode


def lines_missing(shown, printed):
    lines = {line.rstrip() for line in printed.splitlines()}
    return [line for line in shown.splitlines() if line != "..." and line.rstrip() not in lines]


def test_a_line_that_is_not_printed_is_missed():
    assert lines_missing("a\n...\nb\n", "a \nc\n") == ["b"]
