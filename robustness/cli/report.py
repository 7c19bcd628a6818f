"""`robustness report`."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands
from robustness.errors import RobustnessError, in_one_line

if TYPE_CHECKING:
    from robustness.report.html.comparison import Run


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    report = commands.add_parser(
        "report",
        help="make a report of results again, bundle it for the file, or lay several runs side by side",
        description="Make report.html of a results.json that a gate wrote. Of several, such as those of two releases, one page "
        "that lays them side by side; the last one is the one that is judged.",
        epilog="Example: robustness report v1/results.json v2/results.json -o releases.html",
    )
    report.add_argument("results", nargs="+", type=Path, metavar="FILE", help="results.json of a gate")
    where = report.add_mutually_exclusive_group()
    where.add_argument("-o", "--out", type=Path, default=Path("report.html"), metavar="FILE.html", help="default: %(default)s")
    where.add_argument(
        "--bundle",
        type=Path,
        metavar="FOLDER",
        help="write a new folder with report, results, thresholds, environment and their SHA-256 instead",
    )
    report.set_defaults(run=_report)


def _report(args: argparse.Namespace) -> None:
    from robustness.report.file import read_results
    from robustness.report.html.comparison import Run

    if args.bundle and len(args.results) > 1:
        raise RobustnessError(f"a bundle is of one results.json, not of {len(args.results)}: call it once for each")
    runs = [Run(str(file), read_results(file)) for file in args.results]
    try:
        written = _write(args, runs)
    except RobustnessError:
        raise
    except Exception as error:  # a file that was edited may hold anything
        files = ", ".join(run.name for run in runs)
        raise RobustnessError(
            f"{files}: not as a gate wrote it ({type(error).__name__}: {in_one_line(error)}); run the gate again"
        ) from error
    print(f"wrote {written}")


def _write(args: argparse.Namespace, runs: list[Run]) -> Path:
    from robustness.files.atomic import replacing
    from robustness.report.bundle import write_bundle
    from robustness.report.html.page import render_comparison, render_report

    content: bytes = args.results[0].read_bytes()
    if args.bundle:
        return write_bundle(runs[0].results, content, args.bundle)
    several = len(runs) > 1
    text = render_comparison(runs) if several else render_report(runs[0].results, hashlib.sha256(content).hexdigest())
    out: Path = args.out
    with replacing(out) as partial:
        partial.write_text(text, encoding="utf-8")
    return out
