"""The end of a gate on the terminal: the verdict first, then broken limits, then the others."""

from __future__ import annotations

from typing import Any

from robustness.errors import some
from robustness.gate.ledger import promise_of
from robustness.report.bars import bar
from robustness.report.table import OWN_NOISE, marked, table

HEAD = ("model", "noise", "right", "images", "measured", "", "limit", "verdict")
"""Of the table of limits; a bar stands below the name that is none."""
COUNTS = ("right", "images")


def verdict_sentence(results: dict[str, Any], naming: bool = True) -> str:
    """One line that says how the run ended. naming: also the first few of what is broken."""
    limits, hunts, claims, marks = (results[name] for name in ("limits", "hunts", "claims", "generator_limits"))
    undecided = [limit for limit in limits if limit["verdict"] == "INCONCLUSIVE"]
    excused = [limit for limit in limits if limit["verdict"] != "PASS"]
    besides = [f"{_count(hunts, 'hunt')} found nothing"] if hunts else []
    besides += [f"{_count(claims, 'claim')} came out as declared"] if claims else []
    besides += [f"{_count(marks, 'generator limit')} kept"] if marks else []
    match results["verdict"]:
        case "PASS" if excused:
            kept = [f"{len(limits) - len(excused)} of {len(limits)} limits hold", *besides]
            return f"PASS: {', '.join(kept)}; not stopping the release: {some(_subjects(excused))}"
        case "PASS":
            kept = [f"all {len(limits)} limits hold" if len(limits) > 1 else "the one limit holds", *besides]
            return f"PASS: {', '.join(kept)}"
        case "PARTIAL":
            measured = len(limits) + len(hunts) + len(claims) + len(marks)
            held = "and kept" if measured else "since none was selected"
            others = "limits, hunts and claims" if hunts or claims else "limits"
            noun = "limits, hunts, claims and generator limits" if marks else others
            return f"PARTIAL: {measured} of {measured + len(results['left_out'])} {noun} measured {held}; no release verdict"

    def which(things: list[str]) -> str:
        return f" ({some(things)})" if naming else ""

    broken = [limit for limit in limits if limit["verdict"] == "FAIL" and limit["stops"]]
    undecided = [limit for limit in undecided if limit["stops"]]
    rules = sum(promise_of(test) is None for test in results["errors"])
    found = [hunt["hunt"] for hunt in hunts if hunt["stops"]]
    otherwise = [claim["claim"] for claim in claims if claim["stops"]]
    poor = [mark["generator_limit"] for mark in marks if mark["stops"]]
    reasons = [f"{len(broken)} of {len(limits)} measured limits broken{which(_subjects(broken))}"] if broken else []
    reasons += [f"{len(undecided)} of {len(limits)} undecided{which(_subjects(undecided))}"] if undecided else []
    reasons += [f"{len(found)} of {_count(hunts, 'hunt')} found too many flips{which(found)}"] if found else []
    reasons += [f"{len(otherwise)} of {_count(claims, 'claim')} not as declared{which(otherwise)}"] if otherwise else []
    reasons += [f"{len(poor)} of {_count(marks, 'generator limit')} broken{which(poor)}"] if poor else []
    reasons += [f"{rules} rule{'s' * (rules > 1)} broken"] if rules else []
    if results["left_out"]:
        reasons.append(f"PARTIAL run, {len(results['left_out'])} left out")
    return f"FAIL: {'; '.join([*reasons, *results['gaps']])}"


def _count(things: list[dict[str, Any]], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def promise_lines(results: dict[str, Any]) -> list[tuple[str, bool]]:
    """What all but limits came to, a line each, and whether it stops the release; those that do first, and in full."""
    lines = [(f"hunt {hunt['hunt']}: {hunt['words']}", bool(hunt["stops"])) for hunt in results["hunts"]]
    lines += [
        (f"claim {claim['claim']}: {claim['outcome']}, {_as_declared(claim)}", bool(claim["stops"]))
        for claim in results["claims"]
    ]
    lines += [
        (f"generator limit {mark['generator_limit']}: {mark['words']}", bool(mark["stops"]))
        for mark in results["generator_limits"]
    ]
    return sorted(lines, key=lambda line: not line[1])


def _as_declared(claim: dict[str, Any]) -> str:
    return f"declared {claim['expected']}: {claim['words']}" if claim["stops"] else "as declared"


def _subjects(limits: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(f"{limit['model']} under {limit['subject']}" for limit in limits))


def error_lines(results: dict[str, Any]) -> list[str]:
    """What went wrong, each message once with the number of tests it stopped."""
    tests: dict[str, list[str]] = {}
    for test, message in results["errors"].items():
        tests.setdefault(message.strip().splitlines()[0] if message.strip() else "failed", []).append(test)
    return [f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {text}" for text, names in tests.items()]


def limit_rows(results: dict[str, Any], width: int | None = None, ascii_only: bool = False) -> list[str]:
    """A table of the limits, broken ones first; images are counted where their share is what was measured.

    width: of the terminal. Where a line would be longer, models become headings, and counts of images are left out.
    """
    lines: list[str] = []
    for grouped, counted in ((False, True), (False, False), (True, True), (True, False)):
        lines = _limit_table(results["limits"], grouped, counted, ascii_only)
        if width is None or all(len(line) <= width for line in lines):
            break
    own = not all(limit["bit_identical"] for limit in results["limits"])
    return [*lines, OWN_NOISE] if own else lines


def _limit_table(limits: list[dict[str, Any]], grouped: bool, counted: bool, ascii_only: bool) -> list[str]:
    """grouped: models are headings. counted: with the counts of images."""
    if not limits:
        return []
    models = list(dict.fromkeys(limit["model"] for limit in limits))

    def first(limit: dict[str, Any]) -> tuple[bool, bool, int]:
        return not limit["stops"], limit["verdict"] == "PASS", models.index(limit["model"]) if grouped else 0

    ordered = sorted(limits, key=first)
    columns = [name for name in HEAD if not (name == "model" and grouped) and (counted or name not in COUNTS)]
    rows = [[_cells(limit, ascii_only)[name] for name in columns] for limit in ordered]
    head, *lines = table(columns, rows, left=1 if grouped else 2)
    lines = [line + _waiver(limit) for line, limit in zip(lines, ordered, strict=True)]
    if not grouped:
        return [head, *lines]
    indented = [f"  {head}"]
    for limit, former, line in zip(ordered, [None, *ordered], lines, strict=False):
        indented += [limit["model"]] if former is None or former["model"] != limit["model"] else []
        indented.append(f"  {line}")
    return indented


def _cells(limit: dict[str, Any], ascii_only: bool) -> dict[str, str]:
    """By the names in `HEAD`."""
    counts = (f"{limit['right']:,}", f"{limit['seen']:,}") if limit["asks"] == "accuracy" else ("", "")
    cells = (
        limit["model"],
        marked(limit["subject"], limit["bit_identical"]),
        *counts,
        f"{limit['value']:.4f}",
        bar(limit, ascii_only),
        limit["required"],
        limit["verdict"],
    )
    return dict(zip(HEAD, cells, strict=True))


def _waiver(limit: dict[str, Any]) -> str:
    return "" if limit["waived_until"] is None else f", waived until {limit['waived_until']}"
