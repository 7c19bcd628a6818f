"""`robustness calibrate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_root, add_thresholds, said
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.limits.calibrate import Change


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    calibrate = commands.add_parser(
        "calibrate",
        help="measure the declared models and write the accuracy limits",
        description="Measure what thresholds.toml asks an accuracy of, and write into it what was measured, less a margin, "
        "rounded down to a tenth of a point. Comments, order and all else stay.",
        epilog="Example: robustness calibrate --margin 0.5 --ratchet",
    )
    add_thresholds(calibrate)
    calibrate.add_argument(
        "--margin", type=float, default=1.0, metavar="POINTS", help="below what was measured (default: %(default)g point)"
    )
    calibrate.add_argument(
        "--retrained",
        action="append",
        default=[],
        metavar="MODEL=FILE",
        help="weights of the same network trained with another seed, in any file that a model's weights or load may name, "
        "five times or more for a model: its limits are then what one more training reaches with a probability of 95 %%, by "
        "the spread of these and the declared one",
    )
    calibrate.add_argument("--ratchet", action="store_true", help="only raise limits, never lower one")
    add_root(calibrate)
    calibrate.set_defaults(run=_calibrate)


def _calibrate(args: argparse.Namespace) -> None:
    from robustness.gate.workbench import Workbench
    from robustness.kinds import read_thresholds
    from robustness.limits.calibrate import (
        by_command,
        calibrate,
        measure_subjects,
        origin,
        replace_accuracies,
        retrained_files,
        unlike_retrained,
    )

    if not 0 <= args.margin <= 100:
        raise RobustnessError(f"a margin lies between 0 and 100 points, not {args.margin:g}")
    thresholds = read_thresholds(args.thresholds)
    text = args.thresholds.read_bytes().decode()
    asked, left = by_command(thresholds)
    for reason in left:
        print(f"left as it is: {reason}", file=sys.stderr)
    if not asked:
        raise RobustnessError(f"{args.thresholds}: no accuracy in it can be measured by a command")
    retrained = retrained_files(args.retrained, {subject.model for limit in asked for subject in limit.subjects})
    if thresholds.scope.about == "population":
        print("limits about a population also need room for chance: look whether the gate finds them PASS", file=sys.stderr)
    with Workbench(thresholds, root=args.root) as bench:
        said(bench.images)
        measured = measure_subjects(asked, retrained, bench)
    for words in unlike_retrained(measured):
        print(words, file=sys.stderr)
    changes = calibrate(asked, measured, Fraction(str(args.margin)) / 100, args.ratchet)
    _print_changes(changes)
    if any(change.after != change.asked.accuracy for change in changes):
        replace_accuracies(thresholds, text, changes, origin(args.margin, args.ratchet, retrained, thresholds))
        print(f"wrote {args.thresholds}")


def _print_changes(changes: Sequence[Change]) -> None:
    from robustness.report.text.table import table

    rows = [
        [
            *(change.subject.model, str(change.subject.noise)),
            *(f"{100 * float(share):.2f}" for share in (change.measured, change.margin)),
            *(str(change.asked.accuracy), "->", str(change.after)),
        ]
        for change in changes
    ]
    print("\n".join(table(["model", "noise", "measured %", "less", "before", "", "after"], rows)))
    raised = sum(change.after > change.asked.accuracy for change in changes)
    lowered = sum(change.after < change.asked.accuracy for change in changes)
    print(f"{raised} raised, {lowered} lowered, {len(changes) - raised - lowered} kept")
