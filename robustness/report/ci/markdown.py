"""The end of a gate in Markdown, as GitHub shows it on the page of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from robustness.errors import some
from robustness.gate.promise import Record, Row
from robustness.report.results import Results
from robustness.report.text.table import OWN_NOISE, marked
from robustness.report.text.terminal import error_lines, verdict_sentence, with_rows
from robustness.statistics.verdict import Verdict

SHOWN = 200
"""Lines of a table or list: GitHub refuses a summary of more than a mebibyte."""
LONGEST = 1000
"""Characters that are shown of one text."""
HEAD = ("model", "noise", "measured", "limit", "images", "verdict", "measure it again")
NUMBERS = ("measured", "limit")
MEANT = re.compile(r"[\\`*_\[\]<>|~&$]|^[-+#=]|^\d+(?=[.)])")
"""What means something to Markdown or HTML: anywhere, or at the start of a line."""


def append_summary(results: Results, file: Path) -> None:
    """Add the summary to a file, after what is there."""
    with file.open("a", encoding="utf-8", errors="backslashreplace") as summaries:
        summaries.write(f"{summary(results)}\n")


def summary(results: Results) -> str:
    """The verdict, what stops the release, and the rest folded away. Whatever comes from the user is text."""
    measured = with_rows(results)
    stopping, others = ([one for one in measured if one[0].stops is stops] for stops in (True, False))
    blocks = [f"## {text(verdict_sentence(results))}"]
    if stopping:
        blocks.append(_table(stopping, HEAD))
    besides = [_told(record) for record in results.stopping if record.row is None]
    if besides := [*besides, *map(text, [*results.gaps, *error_lines(results)])]:
        blocks.append("\n".join(_few([f"- {line}" for line in besides])))
    if results.left_out:
        blocks.append(f"Not selected: {text(some(list(results.left_out)))}.")
    if others:
        kept = "kept" if all(record.verdict is Verdict.PASS for record, _ in others) else "kept, or not stopping the release"
        title = f"{len(others)} limit{'s' * (len(others) != 1)} {kept}"
        blocks.append(f"<details><summary>{title}</summary>\n\n{_table(others, HEAD[:-1])}\n\n</details>")
    if results.warnings:
        blocks.append("\n".join(_few([f"- warning: {text(str(warning))}" for warning in results.warnings])))
    if results.images and results.images.left_out:
        blocks.append(text(f"{results.images.name}: {results.images.left_out}"))
    if not all(row.bit_identical for _, row in measured):
        blocks.append(text(OWN_NOISE))
    return "\n\n".join([*blocks, f"<sub>{_environment(results)}</sub>\n"])


def text(words: str) -> str:
    """Words as they are: nothing in them is Markdown or HTML, or ends a table's cell."""
    line = " ".join(words.split())
    line = line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
    return MEANT.sub(lambda meant: "".join(f"&#{ord(letter)};" for letter in meant[0]), line)


def code(command: str) -> str:
    """A command, to be copied."""
    return f"<code>{text(command)}</code>"


def _table(measured: Sequence[tuple[Record, Row]], head: Sequence[str]) -> str:
    rows = [
        (
            text(row.model),
            text(marked(row.subject, row.bit_identical)),
            record.measured,
            row.required,
            _images(record, row),
            f"{record.verdict}{row.note}",
            code(record.again or ""),
        )[: len(head)]
        for record, row in measured
    ]
    rules = tuple("---:" if name in NUMBERS else "---" for name in head)
    return "\n".join([_row(head), _row(rules), *_few(list(map(_row, rows)))])


def _images(record: Record, row: Row) -> str:
    """Counted where their share is what was measured; in words where the release stops for something else."""
    if row.images is not None:
        return "{:,} of {:,}".format(*row.images)
    return text(record.reason) if record.stops else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _told(record: Record) -> str:
    again = "" if record.again is None else f"<br>{code(record.again)}"
    return f"**{text(record.name)}**: {text(record.reason)}{again}"


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"and {len(lines) - SHOWN:,} more in the report"]


def _environment(results: Results) -> str:
    run, images = results.run, results.images
    counted = "" if images is None else f", {images.images:,} images"
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    data = f"{results.data}{counted}, seed {results.seed}"
    return text(f"{data}; Python {run.python} on {run.platform}; {versions}; {run.seconds:.0f} s")
