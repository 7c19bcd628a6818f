"""`robustness gate` and `init`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from robustness.cli.arguments import Commands, add_root
from robustness.errors import RobustnessError
from robustness.process import environment

USAGE_ERROR = 2
SHOWING = {"--collect-only", "--co", "--fixtures", "--markers", "--version", "-V"}
"""Options of pytest's that measure nothing on purpose."""


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    gate = commands.add_parser(
        "gate",
        help="measure every limit in thresholds.toml; exit 1 when one breaks or is not measured",
        usage="robustness gate [-h] [--root FOLDER] [THRESHOLDS.toml] [TEST-FILE ...] [PYTEST-OPTION ...]",
        description="Measure every limit in a thresholds file, by default thresholds.toml in this folder. Rules of your own "
        "run with it when you name their test files. All other options go to pytest: -n auto spreads large gates over the "
        "processor's cores, -x stops at the first that breaks.",
        epilog="Exit codes: 0 all limits hold, 1 a limit broke or was not measured, 2 something to mend.",
    )
    add_root(gate)
    gate.add_argument(
        "--robustness-report",
        type=Path,
        default=Path("robustness-report"),
        metavar="FOLDER",
        help="where report.html and results.json go (default: %(default)s)",
    )
    gate.set_defaults(run=run)

    init = commands.add_parser(
        "init",
        help="write a commented thresholds.toml to start from",
        description="Write a thresholds file to start from: what to gate, on which images, and one limit of each kind, "
        "with a comment on every line. A file that is there already stays as it is.",
    )
    init.add_argument(
        "file", nargs="?", type=Path, default=Path("thresholds.toml"), metavar="FILE", help="default: %(default)s"
    )
    init.set_defaults(run=_init)


def run(args: argparse.Namespace) -> int:
    with environment({"ROBUSTNESS_DATA": str(args.root.absolute())} if args.root else {}):
        return _gate(args)


def _gate(args: argparse.Namespace) -> int:
    import pytest

    from robustness.data import load_image_set
    from robustness.gate.thresholds import FILE_NAME
    from robustness.kinds import read_thresholds
    from robustness.report.file import forget_results

    if any(argument.startswith("--thresholds") for argument in args.rest):
        raise RobustnessError("name the thresholds file itself: robustness gate FILE.toml")
    forget_results(args.robustness_report)
    if not any(_thresholds_in(argument) for argument in args.rest):
        args.rest.insert(0, FILE_NAME)
    for file in filter(None, map(_thresholds_in, args.rest)):  # what can be mended is said before pytest starts
        thresholds = read_thresholds(file)
        if not thresholds.data.startswith("python:"):
            load_image_set(thresholds.data, base=thresholds.base)
    quiet = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
    code = int(pytest.main([*args.rest, "--robustness-report", str(args.robustness_report), "-W", quiet]))
    if code == pytest.ExitCode.OK and not SHOWING & {*args.rest} and not (args.robustness_report / "results.json").exists():
        print("robustness: no limit was measured, so nothing passed", file=sys.stderr)
        return 1
    return USAGE_ERROR if code == pytest.ExitCode.USAGE_ERROR else min(1, code)


def _thresholds_in(argument: str) -> Path | None:
    """The thresholds file that an argument names, alone or before a test's id."""
    file = argument.partition("::")[0]
    return Path(file) if file.endswith(".toml") else None


def _init(args: argparse.Namespace) -> None:
    starter = Path(__file__).parents[1] / "starter.toml"
    try:
        with args.file.open("x", encoding="utf-8") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError:
        raise RobustnessError(f"{args.file} is there already and stays as it is; name another file") from None
    except OSError as error:
        raise RobustnessError(f"{args.file}: {error.strerror}") from error
    print(f"wrote {args.file}: name your images and your model in it, then run `robustness gate`")
