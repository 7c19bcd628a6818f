"""`robustness gan`: train, sample, judge."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands, add_data, command, data_of, load_images
from robustness.errors import RobustnessError
from robustness.models.declaration import shipped_weights

if TYPE_CHECKING:
    from robustness.gan.sample import Generator


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    shipped = " and ".join(shipped_weights("gan"))
    gan = commands.add_parser(
        "gan",
        help="generate images: train, sample, judge",
        description=f"Generators of images of 28 by 28 pixels. With the package come {shipped}.",
        epilog="Example: robustness gan sample convolutional-gtsrb --out signs.png",
    ).add_subparsers(metavar="ACTION", required=True)
    train = gan.add_parser(
        "train",
        help="train a GAN",
        description="Train a generator of 28 by 28 pixels. Checkpoints after 20, 60, 100, 200 and the last epoch, each with a "
        "sheet of samples; the losses after every epoch. What was interrupted, or is asked for more epochs, goes on.",
    )
    add_data(train)
    train.add_argument(
        "--network",
        choices=["study", "convolutional"],
        default="study",
        help="study: fully connected. convolutional: small, with spectral normalisation, differentiable augmentation and an "
        "averaged generator (default: %(default)s)",
    )
    train.add_argument("--conditional", action="store_true", help="tell both networks the class")
    train.add_argument(
        "--noise",
        metavar="PRESET",
        help='train on images under these noises too, a preset such as "paper" or one noise, and tell both networks how much '
        "of each kind",
    )
    train.add_argument("--epochs", type=int, metavar="N", help="default: 200")
    train.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    train.add_argument("--out", type=Path, metavar="FOLDER", help="default: under runs")
    train.set_defaults(run=_train)

    sample = gan.add_parser(
        "sample",
        help="images from a trained generator",
        description="Samples of a generator, as one sheet or as a folder that --data folder:PATH reads.",
        epilog="Example: robustness gan sample runs/gan/epoch-200.safetensors --classes Stop Yield --count 8 --out signs.png",
    )
    _add_generator(sample)
    sample.add_argument("--classes", nargs="+", metavar="CLASS", help="names or numbers (default: all)")
    sample.add_argument("--count", type=int, default=10, metavar="N", help="samples of each class (default: %(default)s)")
    sample.add_argument(
        "--noise", metavar="SPEC", help='such as "gaussian(sigma=25)", where the generator was trained on it (default: clean)'
    )
    sample.add_argument("--seed", type=int, default=0, help="of the latent vectors (default: %(default)s)")
    sample.add_argument("--out", type=Path, required=True, metavar="PATH", help="FILE.png for a sheet, or a folder")
    sample.set_defaults(run=_sample)

    judge = gan.add_parser(
        "judge",
        help="how good a generator is",
        description="As many samples as there are test images, class by class, beside these: how many a classifier names as "
        "asked, relative to how many real images it names right; the Frechet distance, precision and recall in its features; "
        "classes that show one image again and again; copies of training images.",
        epilog="A judge: robustness train small-resnet --data gtsrb --size 28 --out runs/judge.safetensors",
    )
    _add_generator(judge)
    judge.add_argument(
        "--judge", type=Path, required=True, metavar="FILE", help="a classifier of 28 pixels that `robustness train` wrote"
    )
    add_data(judge)
    judge.add_argument(
        "--training",
        metavar="NAME",
        help="the images that the generator was trained on, to find copies of; only where --data is neither signs nor gtsrb, "
        "which have a training split",
    )
    judge.add_argument("--seed", type=int, default=0, help="of the latent vectors (default: %(default)s)")
    judge.add_argument("--json", action="store_true", help="print all marks as JSON, those of each class too")
    judge.set_defaults(run=_judge)

    broken = gan.add_parser(
        "break-point",
        help="where a classifier breaks, as a generator shows it and as it is",
        description="Ask a generator that was trained on noise for samples with more and more of it, and name them with a "
        "classifier: beside real images under the noise itself, and clean samples under it.",
        epilog='Example: robustness gan break-point FILE --classifier FILE --data gtsrb --noise "gaussian(sigma=50)"',
    )
    _add_generator(broken)
    broken.add_argument(
        "--classifier", type=Path, required=True, metavar="FILE", help="one of 28 pixels that `robustness train` wrote"
    )
    add_data(broken)
    broken.add_argument("--noise", metavar="SPEC", required=True, help='at the highest magnitude, such as "gaussian(sigma=50)"')
    broken.add_argument(
        "--of-clean",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="it breaks where accuracy falls below this share of what it is without noise (default: %(default)s)",
    )
    broken.add_argument("--seed", type=int, default=0, help="of the latent vectors and the noise (default: %(default)s)")
    broken.add_argument("--json", action="store_true", help="print the curves as JSON")
    broken.set_defaults(run=_break_point)


def _add_generator(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "generator",
        metavar="GENERATOR",
        help=f"a checkpoint that `robustness gan train` wrote, or {' or '.join(shipped_weights('gan'))}, which come with the "
        "package",
    )


def _train(args: argparse.Namespace) -> None:
    from robustness.gan.condition import Condition
    from robustness.gan.recipes import NETWORKS
    from robustness.gan.train import checkpoint_path, train_gan
    from robustness.noise import parse_noises

    recipe = NETWORKS[args.network].recipe
    if args.epochs is not None:
        if args.epochs < 1:
            raise RobustnessError(f"a training takes at least one epoch, not {args.epochs}")
        recipe = replace(recipe, epochs=args.epochs)
    images = load_images(data_of(args), "train", args.root)
    noises = parse_noises(args.noise) if args.noise else ()
    condition = Condition(images.class_names if args.conditional else (), noises)
    out = args.out or Path("runs") / _name(args)
    train_gan(args.network, images, condition, recipe, args.seed, out, command())
    print(f"wrote {out}: the last generator is {checkpoint_path(out, recipe.epochs)}")


def _name(args: argparse.Namespace) -> str:
    parts = ["gan", args.network, "conditional" if args.conditional else None, args.noise, args.data, f"seed{args.seed}"]
    return "-".join(filter(None, parts)).replace(":", "-").replace("/", "-")


def _sample(args: argparse.Namespace) -> None:
    from robustness.gan.write import write_folder, write_grid
    from robustness.noise import parse_noise

    generator = _generator(args)
    condition = generator.condition
    labels = [condition.label(text) for text in args.classes or map(str, range(len(condition.class_names)))] or [0]
    noise = parse_noise(args.noise) if args.noise else None
    is_sheet = args.out.suffix.lower() == ".png" and not args.out.is_dir()
    if not is_sheet and args.out.suffix.lower() in (".jpg", ".jpeg", ".webp", ".gif", ".bmp"):
        raise RobustnessError(f"{args.out}: a sheet is written as PNG; name it {args.out.with_suffix('.png')}")
    write = write_grid if is_sheet else write_folder
    written = write(generator, list(dict.fromkeys(labels)), args.count, args.seed, noise, args.out)
    print(f"wrote {written:,} images to {args.out}")


def _judge(args: argparse.Namespace) -> None:
    from robustness.gan.judge import judge, judged_values, training_data
    from robustness.models.load import load_trained
    from robustness.report.text.generators import judged_lines

    data = data_of(args)
    trained_on = training_data(data, args.training)
    generator, classifier = _generator(args), load_trained(args.judge)
    real, training = load_images(data, "test", args.root), load_images(trained_on, "train", args.root)
    judged = judge(generator, classifier, real, training, args.seed)
    if args.json:
        print(json.dumps(judged_values(judged), indent=2))
    else:
        print("\n".join(judged_lines(judged)))


def _break_point(args: argparse.Namespace) -> None:
    from robustness.gan.break_point import find_break_points
    from robustness.models.load import load_trained
    from robustness.noise import parse_noise
    from robustness.report.text.break_points import break_point_lines

    generator, classifier = _generator(args), load_trained(args.classifier)
    real, noise = load_images(data_of(args), "test", args.root), parse_noise(args.noise)
    found = find_break_points(generator, classifier, real, noise, args.of_clean, args.seed)
    if args.json:
        print(json.dumps({**asdict(found), "noise": str(found.noise)}, indent=2))
    else:
        print("\n".join(break_point_lines(found)))


def _generator(args: argparse.Namespace) -> Generator:
    from robustness.gan.checkpoint import generator_file, load_generator

    return load_generator(generator_file(args.generator, Path()))
