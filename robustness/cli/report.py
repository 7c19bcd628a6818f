"""`robustness report`."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from robustness.cli.arguments import Commands
from robustness.errors import RobustnessError, in_one_line


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    report = commands.add_parser(
        "report",
        help="make a report of results again, or lay several runs side by side",
        description="Make report.html of a results.json that a gate wrote. Of several, such as those of two releases, one page "
        "that lays them side by side; the last one is the one that is judged.",
        epilog="Example: robustness report v1/results.json v2/results.json -o releases.html",
    )
    report.add_argument("results", nargs="+", type=Path, metavar="FILE", help="results.json of a gate")
    report.add_argument("-o", "--out", type=Path, default=Path("report.html"), metavar="FILE.html", help="default: %(default)s")
    report.set_defaults(run=_report)


def _report(args: argparse.Namespace) -> None:
    from robustness.files.atomic import replacing
    from robustness.report.file import read_results
    from robustness.report.html.comparison import Run
    from robustness.report.html.page import render_comparison, render_report

    runs = [Run(str(file), read_results(file)) for file in args.results]
    try:
        text = (
            render_comparison(runs)
            if len(runs) > 1
            else render_report(runs[0].results, hashlib.sha256(args.results[0].read_bytes()).hexdigest())
        )
    except Exception as error:  # a file that was edited may hold anything
        files = ", ".join(run.name for run in runs)
        raise RobustnessError(
            f"{files}: not as a gate wrote it ({type(error).__name__}: {in_one_line(error)}); run the gate again"
        ) from error
    with replacing(args.out) as partial:
        partial.write_text(text, encoding="utf-8")
    print(f"wrote {args.out}")
