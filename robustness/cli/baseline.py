"""`robustness baseline save`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_root, add_thresholds, said
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.limits.baseline import Frozen


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    baseline = commands.add_parser("baseline", help="freeze a release, for later ones to be compared with: save")
    actions = baseline.add_subparsers(metavar="ACTION", required=True)
    save = actions.add_parser(
        "save",
        help="write the predictions of the declared models into one file",
        description="Measure every model of a thresholds file, clean and under each noise it has a limit for, and freeze the "
        "predictions in one small file. Name the file as baseline in [run], and limit a drop with max_drop. With --from "
        "nothing is measured: what the release's own gate wrote tells which images were right, and its weights are not needed.",
        epilog='Example: robustness baseline save v1 --noise "gaussian(sigma=50)" --noise imagenet-c',
    )
    save.add_argument("name", metavar="NAME", help="of the release, such as v1; the file is baselines/NAME.safetensors")
    add_thresholds(save)
    what = save.add_mutually_exclusive_group()
    what.add_argument(
        "--noise",
        action="append",
        default=[],
        metavar="SPEC",
        help="keep every model under this too, for limits to come; a preset means all of its noises; repeatable",
    )
    what.add_argument(
        "--from", dest="results", type=Path, metavar="FILE", help="results.json that the release's gate wrote, such as CI keeps"
    )
    add_root(save)
    save.set_defaults(run=_save_baseline)


def _save_baseline(args: argparse.Namespace) -> None:
    if not args.name or Path(args.name).name != args.name:
        raise RobustnessError(
            f"{args.name!r} is no name of a release: leave out folders, baselines/NAME.safetensors is made of it"
        )
    base = args.thresholds.absolute().parent
    file = base / "baselines" / f"{args.name}.safetensors"
    frozen = _from_results(args.results, file) if args.results else _measured(args, file)
    for reason in frozen.left_out:
        print(f"left out: {reason}", file=sys.stderr)
    named = f'baseline = "{os.path.relpath(file, base)}" in [run]'
    print(f"wrote {file}: {frozen.cases} case{'s' * (frozen.cases != 1)}. Compare later releases with it: {named}")


def _measured(args: argparse.Namespace, file: Path) -> Frozen:
    from robustness.gate.workbench import Workbench
    from robustness.kinds import read_thresholds
    from robustness.limits.baseline import freeze
    from robustness.noise import parse_noises

    thresholds = read_thresholds(args.thresholds)
    noises = [noise for text in args.noise for noise in parse_noises(text, thresholds.noises)]
    with Workbench(thresholds, root=args.root) as bench:
        said(bench.images)
        return freeze(bench, file, noises)


def _from_results(source: Path, file: Path) -> Frozen:
    from robustness.report.baseline import freeze_results
    from robustness.report.file import read_results

    results = read_results(source)
    if results.verdict != "PASS":
        print(
            f"{source}: the verdict of that run is {results.verdict}; what it measured is frozen all the same", file=sys.stderr
        )
    return freeze_results(results, source, file)
