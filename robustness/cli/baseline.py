"""`robustness baseline save`."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_root
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    from robustness.noise import Noise


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
    save.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="default: thresholds.toml", default=Path("thresholds.toml")
    )
    add_root(save)
    save.set_defaults(run=_save_baseline)


def _save_baseline(args: argparse.Namespace) -> None:
    from robustness.data import load_image_set
    from robustness.evaluation.baseline import save_baseline
    from robustness.evaluation.evaluate import measure
    from robustness.evaluation.store import Store
    from robustness.kinds import read_thresholds
    from robustness.models.load import load_classifier
    from robustness.noise import Clean

    thresholds = read_thresholds(args.thresholds)
    file = thresholds.base / "baselines" / f"{args.name}.safetensors"
    if file.exists():
        raise RobustnessError(f"{file} is there already and stays as it is; name another release")
    images = load_image_set(thresholds.data, root=args.root, base=thresholds.base)
    noises: dict[str, list[Noise]] = {}
    left_out = []
    for limit in thresholds.limits:
        if thresholds.models[limit.model].load == "fixture":
            left_out.append(f"{limit.model} lives in a pytest fixture")
        elif not limit.noise.bit_identical:
            left_out.append(f"{limit.noise} may make other bytes elsewhere")
        else:
            noises.setdefault(limit.model, [Clean()]).append(limit.noise)
    for reason in dict.fromkeys(left_out):
        print(f"left out: {reason}", file=sys.stderr)
    store, run = Store(), uuid.uuid4().hex
    try:
        classifiers = {name: load_classifier(thresholds.models[name], thresholds.base) for name in noises}
        measured = [
            measure(classifiers[name], images, noise, thresholds.seed, store, run)
            for name in noises
            for noise in dict.fromkeys(noises[name])
        ]
    finally:
        store.end_run(run)
    if not measured:
        raise RobustnessError(f"{args.thresholds}: nothing in it can be saved")
    save_baseline(file, [(measurement.case, measurement.result) for measurement in measured])
    relative = os.path.relpath(file, thresholds.base)
    print(f'wrote {file}: {len(measured)} cases. Compare later releases with it: baseline = "{relative}" in [run]')
