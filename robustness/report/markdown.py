"""The end of a gate in Markdown, as GitHub shows it on the page of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robustness.errors import some
from robustness.report.table import OWN_NOISE, marked
from robustness.report.terminal import error_lines, verdict_sentence

SHOWN = 200
"""Lines of a table or list: GitHub refuses a summary of more than a mebibyte."""
LONGEST = 1000
"""Characters that are shown of one text."""
HEAD = ("model", "noise", "measured", "limit", "images", "verdict", "measure it again")
NUMBERS = ("measured", "limit")
MEANT = re.compile(r"[\\`*_\[\]<>|~&$]|^[-+#=]|^\d+(?=[.)])")
"""What means something to Markdown or HTML: anywhere, or at the start of a line."""


def append_summary(results: dict[str, Any], file: Path) -> None:
    """Add the summary to a file, after what is there."""
    with file.open("a", encoding="utf-8", errors="backslashreplace") as summaries:
        summaries.write(f"{summary(results)}\n")


def summary(results: dict[str, Any]) -> str:
    """Of results.json: the verdict, what stops the release, and the rest folded away. Whatever comes from the user is text."""
    stopping = [limit for limit in results["limits"] if limit["stops"]]
    others = [limit for limit in results["limits"] if not limit["stops"]]
    blocks = [f"## {text(verdict_sentence(results))}"]
    if stopping:
        blocks.append(_limits(stopping, HEAD))
    if besides := [*_promises(results), *map(text, [*results["gaps"], *error_lines(results)])]:
        blocks.append("\n".join(_few([f"- {line}" for line in besides])))
    if results["left_out"]:
        blocks.append(f"Not selected: {text(some(results['left_out']))}.")
    if others:
        kept = "kept" if all(limit["verdict"] == "PASS" for limit in others) else "kept, or not stopping the release"
        title = f"{len(others)} limit{'s' * (len(others) != 1)} {kept}"
        blocks.append(f"<details><summary>{title}</summary>\n\n{_limits(others, HEAD[:-1])}\n\n</details>")
    if not all(limit["bit_identical"] for limit in results["limits"]):
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


def _limits(limits: Sequence[dict[str, Any]], head: Sequence[str]) -> str:
    rows = [
        (
            text(limit["model"]),
            text(marked(limit["subject"], limit["bit_identical"])),
            f"{limit['value']:.4f}",
            limit["required"],
            _images(limit),
            limit["verdict"] + ("" if limit["waived_until"] is None else f", waived until {limit['waived_until']}"),
            code(limit["repeat"]),
        )[: len(head)]
        for limit in limits
    ]
    rules = tuple("---:" if name in NUMBERS else "---" for name in head)
    return "\n".join([_row(head), _row(rules), *_few(list(map(_row, rows)))])


def _images(limit: dict[str, Any]) -> str:
    """Counted where their share is what was measured; in words where the release stops for something else."""
    if limit["asks"] == "accuracy":
        return f"{limit['right']:,} of {limit['seen']:,}"
    return text(limit["reason"]) if limit["stops"] else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _promises(results: dict[str, Any]) -> list[str]:
    """Hunts, claims and limits on generators that stop the release."""
    hunts, claims, marks = ([one for one in results[kind] if one["stops"]] for kind in ("hunts", "claims", "generator_limits"))
    lines = [f"hunt **{text(hunt['hunt'])}**: {text(hunt['words'])}<br>{code(hunt['replay'])}" for hunt in hunts]
    lines += [
        f"claim **{text(claim['claim'])}**: {claim['outcome']}, declared {claim['expected']}: {text(claim['words'])}"
        for claim in claims
    ]
    return lines + [f"generator limit **{text(mark['generator_limit'])}**: {text(mark['words'])}" for mark in marks]


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"and {len(lines) - SHOWN:,} more in the report"]


def _environment(results: dict[str, Any]) -> str:
    run, images = results["run"], results["images"]
    counted = "" if images is None else f", {images['images']:,} images"
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    data = f"{results['data']}{counted}, seed {results['seed']}"
    return text(f"{data}; Python {run['python']} on {run['platform']}; {versions}; {run['seconds']:.0f} s")
