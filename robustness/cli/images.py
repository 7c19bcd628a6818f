"""`robustness noise` and `data`: image sets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_data, add_fit, add_root, data_of, load_images
from robustness.errors import RobustnessError, nearest

if TYPE_CHECKING:
    from robustness.data import Preparation
    from robustness.gate.thresholds import Thresholds


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    noise = commands.add_parser(
        "noise",
        help="noisy copies of an image set, or a sheet to look at",
        description="Write an image set under noise, as PNG files, or one sheet of a few images under every noise.",
        epilog="Example, the study's nine copies: robustness noise --data signs --noise paper --out copies",
    )
    add_data(noise)
    noise.add_argument(
        "--noise",
        action="append",
        required=True,
        metavar="SPEC",
        help='such as "gaussian(sigma=25)", "cifar-c(severity=1)" or "paper"',
    )
    noise.add_argument("--split", choices=["train", "test"], default="test", help="default: %(default)s")
    noise.add_argument("--seed", type=int, help="of the noise (default: the thresholds file's, or 0)")
    add_fit(noise)
    noise.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="take the images, the noises declared there and the seed from this file"
    )
    noise.add_argument("--model", metavar="NAME", help="a model in that file: images are shown as it sees them")
    where = noise.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="FOLDER", help="write every image, a folder per noise and class")
    where.add_argument("--sheet", type=Path, metavar="FILE.png", help="write a contact sheet")
    noise.set_defaults(run=_noise)

    data = commands.add_parser("data", help="image sets: fetch").add_subparsers(metavar="ACTION", required=True)
    fetch = data.add_parser("fetch", help="download an image set", description="Download, check and unpack an image set.")
    fetch.add_argument("name", choices=["gtsrb"], help="the German Traffic Sign Recognition Benchmark (365 MB)")
    add_root(fetch)
    fetch.set_defaults(run=_fetch)


def _noise(args: argparse.Namespace) -> None:
    from robustness.noise import KINDS, parse_noises
    from robustness.noise.write import write_copies, write_sheet

    declared = _declared(args)
    kinds = KINDS if declared is None else declared.noises
    noises = [noise for text in args.noise for noise in parse_noises(text, kinds)]
    if declared is None or args.data:
        images = load_images(data_of(args), args.split, args.root)
    else:
        images = load_images(declared.data, args.split, args.root, declared.base)
    fit, seed = _fit(args, declared), args.seed
    seed = (declared.seed if declared else 0) if seed is None else seed
    if args.sheet:
        write_sheet(images, fit, noises, seed, args.sheet)
        print(f"wrote {args.sheet}")
    else:
        print(f"wrote {write_copies(images, fit, noises, seed, args.out):,} images to {args.out}")


def _declared(args: argparse.Namespace) -> Thresholds | None:
    if args.model and not args.thresholds:
        raise RobustnessError("--model names a model of a thresholds file: give --thresholds too")
    if not args.thresholds:
        return None
    from robustness.kinds import read_thresholds

    return read_thresholds(args.thresholds)


def _fit(args: argparse.Namespace, declared: Thresholds | None) -> Preparation:
    """As a declared model sees images, or as size and fit say."""
    from robustness.data import Fit
    from robustness.models.seen import UNSAID, preprocessing_of

    if declared is None or (args.size and not args.model):
        return Fit(args.size or 40, args.fit or UNSAID)
    name = args.model or next(iter(declared.models))
    if name not in declared.models:
        raise RobustnessError(f"{args.thresholds} declares no model {name!r}: {nearest(name, declared.models)}")
    return preprocessing_of(declared.models[name], declared.base).fit


def _fetch(args: argparse.Namespace) -> None:
    from robustness.data.fetch import fetch_gtsrb
    from robustness.files.folders import data_folder

    root = data_folder(args.root)
    fetch_gtsrb(root)
    print(f"GTSRB is complete under {root / 'gtsrb'}: 39,209 training and 12,630 test images")
