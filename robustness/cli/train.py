"""`robustness train`."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_data, add_fit, command, data_of, learning_rate, load_images, model_table
from robustness.errors import RobustnessError
from robustness.models.declaration import BUILT_IN

if TYPE_CHECKING:
    from robustness.training.mix import Mix


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    train = commands.add_parser(
        "train",
        help="train a network",
        description="Train a network. An interrupted training goes on where its last epoch ended.",
    )
    train.add_argument("network", help=f"{', '.join(BUILT_IN)}, torchvision:NAME or timm:NAME")
    add_data(train)
    recipe = train.add_mutually_exclusive_group()
    recipe.add_argument(
        "--recipe",
        choices=["default", "one-cycle", "study"],
        default="default",
        help="default: Adam at 0.001. one-cycle: up to 0.001 and down to nothing, in bfloat16. study: Adam at 0.01, classes "
        "balanced, rotated, contrast changed and mirrored both ways; mirroring changes what some signs mean",
    )
    recipe.add_argument(
        "--harden",
        action="store_const",
        dest="recipe",
        const="harden",
        help="train against noise: three images in four under Gaussian noise, waves or salt-and-pepper of drawn magnitudes, "
        "frequencies, orientations and phases, and three in four turned, scaled, shifted and lit otherwise",
    )
    train.add_argument(
        "--pretrained",
        metavar="WEIGHTS",
        help="imagenet, or a file of the same network's weights: keep them and fit the last layer alone. Where ImageNet "
        "weights cannot be downloaded the network is trained from scratch, and says so",
    )
    train.add_argument(
        "--fine-tune",
        metavar="BLOCKS",
        type=_blocks,
        default=0,
        help="with --pretrained: then train the last BLOCKS blocks too, or `all` (default: %(default)s)",
    )
    train.add_argument(
        "--mix",
        metavar="WHAT",
        help="let other images take the place of half of them, drawn anew in every epoch: a preset or a noise, such as paper, "
        "for the same under noise; or the file of a generator that `robustness gan train --conditional` wrote, for samples",
    )
    train.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    train.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    train.add_argument("--learning-rate", type=float, metavar="RATE", help="instead of the recipe's, at its peak")
    add_fit(train)
    train.add_argument("--out", type=Path, metavar="FILE", help="safetensors; a card is written beside it")
    train.set_defaults(run=_train)


def _blocks(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"write a number of blocks or all, not {text}")
    return int(text)


def _train(args: argparse.Namespace) -> None:
    from robustness.data import Fit
    from robustness.models.seen import UNSAID
    from robustness.training.recipes import RECIPES
    from robustness.training.train import train_network

    recipe = RECIPES[args.recipe]
    if args.recipe == "study":
        print("the study's recipe mirrors images both ways, which changes what some signs mean", file=sys.stderr)
    if args.mix and args.recipe == "harden":
        raise RobustnessError("hardening has noise of its own, so nothing is mixed in: --mix goes with the other recipes")
    if args.epochs is not None:
        recipe = replace(recipe, epochs=args.epochs)
    if args.learning_rate is not None:
        recipe = replace(recipe, learning_rate=learning_rate(args.learning_rate))
    mix = _mix(args.mix) if args.mix else None
    hardened = "harden" if args.recipe == "harden" else None
    parts = filter(None, [args.network, data_of(args), hardened, args.mix, f"seed{args.seed}"])
    out = args.out or Path("runs") / (re.sub(r"[^\w.=-]+", "-", "-".join(parts).replace(".safetensors", "")) + ".safetensors")
    images = load_images(args.data, "train", args.root)
    test_set = load_images(args.data, "test", args.root) if args.data in ("signs", "gtsrb") else None
    fit = Fit(args.size or 40, args.fit or UNSAID)
    how = (args.pretrained, args.fine_tune, mix)
    card = train_network(args.network, images, test_set, fit, recipe, args.seed, out, command(), *how)
    test_accuracy = card["test_accuracy"]
    print(f"start: {card['start']}")
    print(f"wrote {out}" + ("" if test_accuracy is None else f": {test_accuracy:.4f} on the test set"))
    print("gate it with these lines in thresholds.toml, and limits on it:\n")
    print(model_table(out.stem, fit, card["mean"], card["std"], load=args.network, weights=out.as_posix()))


def _mix(text: str) -> Mix:
    """A generator's file, or else a preset or a noise."""
    from robustness.gan.checkpoint import generator_file
    from robustness.gan.mix import SampleMix
    from robustness.noise import parse_noises
    from robustness.training.mix import NoiseMix

    file = generator_file(text, Path())
    return SampleMix.load(file) if file.suffix == ".safetensors" else NoiseMix(parse_noises(text))
