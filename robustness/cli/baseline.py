"""`robustness baseline save`."""

from __future__ import annotations

import argparse
import os
import sys

from robustness.cli.arguments import Commands, add_root, add_thresholds, said


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    baseline = commands.add_parser("baseline", help="freeze a release, for later ones to be compared with: save")
    actions = baseline.add_subparsers(metavar="ACTION", required=True)
    save = actions.add_parser(
        "save",
        help="write the predictions of the declared models into one file",
        description="Measure every model of a thresholds file, clean and under each noise it has a limit for, and freeze the "
        "predictions in one small file. Name the file as baseline in [run], and limit a drop with max_drop.",
    )
    save.add_argument("name", metavar="NAME", help="of the release, such as v1; the file is baselines/NAME.safetensors")
    add_thresholds(save)
    add_root(save)
    save.set_defaults(run=_save_baseline)


def _save_baseline(args: argparse.Namespace) -> None:
    from robustness.gate.workbench import Workbench
    from robustness.kinds import read_thresholds
    from robustness.limits.baseline import freeze

    with Workbench(read_thresholds(args.thresholds), root=args.root) as bench:
        said(bench.images)
        base = bench.thresholds.base
        file = base / "baselines" / f"{args.name}.safetensors"
        frozen = freeze(bench, file)
    for reason in frozen.left_out:
        print(f"left out: {reason}", file=sys.stderr)
    named = f'baseline = "{os.path.relpath(file, base)}" in [run]'
    print(f"wrote {file}: {frozen.cases} cases. Compare later releases with it: {named}")
