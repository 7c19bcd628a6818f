"""`robustness harden`."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
from dataclasses import replace
from pathlib import Path

from robustness.cli.arguments import (
    Commands,
    add_data,
    add_thresholds,
    command,
    data_of,
    learning_rate,
    load_images,
    said_preparations,
)
from robustness.errors import RobustnessError, nearest


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    harden = commands.add_parser(
        "harden",
        help="train a model of your own on against the limits that it breaks",
        description="Measure which limits a model breaks, and train it on under their noises, half of the images as they are, "
        "until its limits hold on images that are held out, whole tracks where there are any. Interrupted, the same command "
        "goes on after its last epoch. For python: factories, torchvision:, timm: and built-in networks.",
        epilog="Exit codes: 0 the limits hold on held-out images, or held already, 1 some remain, 2 something to mend. Whether "
        "the release passes, robustness gate says. Example: robustness harden my-model --data folder:training",
    )
    harden.add_argument("model", help="a name in the thresholds file")
    add_thresholds(harden)
    add_data(harden)
    harden.add_argument("--epochs", type=int, metavar="N", help="at most (default: 20)")
    harden.add_argument("--learning-rate", type=float, metavar="RATE", help="of Adam (default: 0.0003)")
    harden.add_argument("--seed", type=int, default=0, help="of the split and the training (default: %(default)s)")
    harden.add_argument("--out", type=Path, metavar="FILE", help="safetensors (default: a file under runs)")
    harden.set_defaults(run=_harden)


def _harden(args: argparse.Namespace) -> int:
    from robustness.cli.arguments import said
    from robustness.gate.workbench import Workbench
    from robustness.hardening.harden import harden
    from robustness.kinds import read_thresholds
    from robustness.report.text.hardening import hardened_lines
    from robustness.training.recipes import RECIPES

    thresholds, recipe = read_thresholds(args.thresholds), RECIPES["fine-tune"]
    if args.model not in thresholds.models:
        raise RobustnessError(f"{args.thresholds} declares no model {args.model!r}: {nearest(args.model, thresholds.models)}")
    if args.epochs is not None:
        if args.epochs < 1:
            raise RobustnessError(f"a training takes at least one epoch, not {args.epochs}")
        recipe = replace(recipe, epochs=args.epochs)
    if args.learning_rate is not None:
        recipe = replace(recipe, learning_rate=learning_rate(args.learning_rate))
    out = args.out or Path("runs") / f"harden-{re.sub(r'[^A-Za-z0-9_.=-]+', '-', args.model)}-seed{args.seed}.safetensors"
    said_preparations(thresholds, [args.model])
    training = load_images(data_of(args), "train", args.root)
    with Workbench(thresholds, root=args.root) as bench:
        said(bench.images)
        hardened = harden(bench, args.model, training, recipe, args.seed, out, command())
    print("\n".join(hardened_lines(hardened)))
    if hardened.epochs:
        others = "its weights and weights_key" if thresholds.models[args.model].weights_key else "other weights"
        print(f"wrote {out}; put it under [models.{args.model}] in {thresholds.file}, in place of {others}:\n")
        print(f"weights = {json.dumps(os.path.relpath(out, thresholds.base), ensure_ascii=False)}\n")
        print(f"then: robustness gate {shlex.quote(str(thresholds.file))}")
    return 1 if hardened.remaining else 0
