"""Arguments that several commands share, and what they name."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustness.errors import RobustnessError
from robustness.models.declaration import BUILT_IN, REFERENCES

if TYPE_CHECKING:
    from robustness.data import Fit, ImageSet
    from robustness.gate.thresholds import Thresholds
    from robustness.models.classifier import Classifier
    from robustness.models.declaration import ModelDeclaration
    from robustness.noise import Noise

Commands = Any
"""What `add_subparsers` returns; argparse gives its type no public name."""


def add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="where image sets live (default: $ROBUSTNESS_DATA)")


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="NAME", help="signs, gtsrb, folder:PATH or python:package.module:factory")
    add_root(parser)


def data_of(args: argparse.Namespace) -> str:
    """The images that a command has to name."""
    if not args.data:
        raise RobustnessError("name the images with --data, for example --data gtsrb")
    return str(args.data)


def add_fit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        type=int,
        metavar="PIXELS",
        help="width and height of the network's input (built-in networks: as trained, or 40)",
    )
    parser.add_argument(
        "--fit", choices=["crop-or-pad", "resize"], default="crop-or-pad", help="how images come to it (default: %(default)s)"
    )


def add_model(parser: argparse.ArgumentParser, metavar: str = "MODEL") -> None:
    references = ", ".join(reference for reference in REFERENCES if reference != "fixture")
    parser.add_argument(
        "model", metavar=metavar, help=f"{references} (`robustness models` explains them), or with --thresholds a name in it"
    )
    parser.add_argument(
        "--thresholds",
        type=Path,
        metavar="FILE",
        help="take the model, data and seed from this file (default: thresholds.toml, where it is there and neither --data nor "
        "--weights says otherwise)",
    )
    parser.add_argument("--weights", metavar="NAME", help="a shipped set's name or a safetensors file (default: --data's)")
    add_fit(parser)


def add_subject(parser: argparse.ArgumentParser, metavar: str = "MODEL") -> None:
    add_model(parser, metavar)
    add_data(parser)
    parser.add_argument("--seed", type=int, help="of the noise (default: 0)")


def subject(args: argparse.Namespace) -> tuple[Classifier, ImageSet, int]:
    """The model, the images and the seed that a command names, directly or through a thresholds file."""
    from robustness.data import load_image_set
    from robustness.models.load import load_classifier

    declaration, base = declared_model(args)
    if thresholds := thresholds_of(args):
        data, seed = args.data or thresholds.data, thresholds.seed if args.seed is None else args.seed
        images = load_image_set(data, root=args.root, base=Path.cwd() if args.data else base)
    else:
        seed, images = args.seed or 0, load_image_set(data_of(args), root=args.root)
    return load_classifier(declaration, base), images, seed


def declared_model(args: argparse.Namespace) -> tuple[ModelDeclaration, Path]:
    """The model that a command names, directly or through a thresholds file, and the folder its paths start from."""
    from robustness.errors import nearest
    from robustness.models.declaration import ModelDeclaration

    if thresholds := thresholds_of(args):
        if args.model not in thresholds.models:
            raise RobustnessError(
                f"{thresholds.file} declares no model {args.model!r}: {nearest(args.model, thresholds.models)}"
            )
        return thresholds.models[args.model], thresholds.base
    weights = args.weights or (args.data if args.model in BUILT_IN else None)
    return ModelDeclaration(args.model, args.model, weights, args.size, args.fit), Path.cwd()


def thresholds_of(args: argparse.Namespace) -> Thresholds | None:
    """The thresholds file that a command speaks of, if any: none by default where it says itself which model it means."""
    from robustness.gate.thresholds import FILE_NAME
    from robustness.kinds import read_thresholds

    direct = args.data or args.weights or ":" in args.model
    file = args.thresholds or (None if direct else Path(FILE_NAME))
    return read_thresholds(file) if file and (args.thresholds or file.exists()) else None


def known_kinds(args: argparse.Namespace) -> Mapping[str, type[Noise]]:
    """The kinds of noise that a command knows: the built-in ones and those of its thresholds file."""
    from robustness.noise import KINDS

    thresholds = thresholds_of(args)
    return thresholds.noises if thresholds else KINDS


def command() -> str:
    return shlex.join(["robustness", *sys.argv[1:]])


def model_table(name: str, fit: Fit, mean: Sequence[float], std: Sequence[float], **first: str) -> str:
    """The lines of `thresholds.toml` that declare a model: its `first` keys, then its preprocessing."""
    keys: dict[str, Any] = {**first, "size": fit.size, "fit": fit.kind}
    if any(mean) or any(value != 1 for value in std):
        keys |= {"mean": list(mean), "std": list(std)}
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())  # as TOML writes them too
    return "\n".join([f"[models.{re.sub(r'[^A-Za-z0-9_]+', '-', name).strip('-')}]", *lines])
