"""The end of a gate on the terminal: the verdict first, then broken limits, then the others."""

from __future__ import annotations

from typing import Any

from robustness.report.ledger import promise_of, some
from robustness.report.table import OWN_NOISE, marked, table

HEAD = ("model", "noise", "right", "images", "measured", "limit", "verdict")


def verdict_sentence(results: dict[str, Any]) -> str:
    """One line that says how the run ended."""
    limits = results["limits"]
    total = len(limits) + len(results["left_out"])
    undecided = [limit for limit in limits if limit["verdict"] == "INCONCLUSIVE"]
    excused = [limit for limit in limits if limit["verdict"] != "PASS"]
    match results["verdict"]:
        case "PASS" if excused:
            kept = len(limits) - len(excused)
            return f"PASS: {kept} of {len(limits)} limits hold; not stopping the release: {_some(excused)}"
        case "PASS":
            return f"PASS: all {len(limits)} limits hold" if len(limits) > 1 else "PASS: the one limit holds"
        case "PARTIAL":
            held = "and kept" if limits else "since none was selected"
            return f"PARTIAL: {len(limits)} of {total} limits measured {held}; no release verdict"
    broken = [limit for limit in limits if limit["verdict"] == "FAIL" and limit["stops"]]
    undecided = [limit for limit in undecided if limit["stops"]]
    rules = sum(promise_of(test) is None for test in results["errors"])
    reasons = [f"{len(broken)} of {len(limits)} measured limits broken ({_some(broken)})"] if broken else []
    reasons += [f"{len(undecided)} of {len(limits)} undecided ({_some(undecided)})"] if undecided else []
    reasons += [f"{rules} rule{'s' * (rules > 1)} broken"] if rules else []
    if results["left_out"]:
        reasons.append(f"PARTIAL run, {len(results['left_out'])} limits left out")
    return f"FAIL: {'; '.join([*reasons, *results['gaps']])}"


def _some(limits: list[dict[str, Any]]) -> str:
    return some(list(dict.fromkeys(f"{limit['model']} under {limit['subject']}" for limit in limits)))


def error_lines(results: dict[str, Any]) -> list[str]:
    """What went wrong, each message once with the number of tests it stopped."""
    tests: dict[str, list[str]] = {}
    for test, message in results["errors"].items():
        tests.setdefault(message.strip().splitlines()[0] if message.strip() else "failed", []).append(test)
    return [f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {text}" for text, names in tests.items()]


def limit_rows(results: dict[str, Any]) -> list[str]:
    """A table of the limits, broken ones first."""
    ordered = sorted(results["limits"], key=lambda limit: (not limit["stops"], limit["verdict"] == "PASS"))
    rows = [
        (
            limit["model"],
            marked(limit["subject"], limit["bit_identical"]),
            f"{limit['right']:,}",
            f"{limit['seen']:,}",
            f"{limit['value']:.4f}",
            limit["required"],
            limit["verdict"] + ("" if limit["waived_until"] is None else f", waived until {limit['waived_until']}"),
        )
        for limit in ordered
    ]
    notes = [] if all(limit["bit_identical"] for limit in ordered) else [OWN_NOISE]
    return table(HEAD, rows) + notes if rows else []
