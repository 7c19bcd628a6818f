"""Arguments that several commands share, and what they name."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustness.errors import RobustnessError
from robustness.models.declaration import BUILT_IN, REFERENCES

if TYPE_CHECKING:
    from robustness.data import ImageSet, Preparation
    from robustness.data.preparation import Shape
    from robustness.gate.thresholds import Thresholds
    from robustness.gate.workbench import Workbench

Commands = Any
"""What `add_subparsers` returns; argparse gives its type no public name."""


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    default = Path("thresholds.toml")
    parser.add_argument("--thresholds", type=Path, metavar="FILE", help="default: %(default)s", default=default)


def add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="where image sets live (default: $ROBUSTNESS_DATA)")


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", metavar="NAME", help="signs, gtsrb, folder:PATH, csv:FILE, datasets:FOLDER or python:package.module:factory"
    )
    add_root(parser)


def data_of(args: argparse.Namespace) -> str:
    """The images that a command has to name."""
    if not args.data:
        raise RobustnessError("name the images with --data, for example --data gtsrb")
    return str(args.data)


def load_images(reference: str, split: str = "test", root: Path | None = None, base: Path | None = None) -> ImageSet:
    """As `load_image_set`; what lies beside the images and is left out is said on the error stream."""
    from robustness.data import load_image_set

    return said(load_image_set(reference, split, root, base))


def said(images: ImageSet) -> ImageSet:
    """The same, once it is said what was left out."""
    if images.left_out:
        print(f"{images.name}: {images.left_out}", file=sys.stderr)
    return images


def said_preparations(thresholds: Thresholds, names: Sequence[str] = ()) -> list[Preparation]:
    """How the models see images, all or those of these names, as far as no network is needed to tell; what is read from a
    library's configuration is said on the error stream.
    """
    from robustness.models.seen import preprocessing_of

    found = []
    for model in thresholds.models.values():
        if names and model.name not in names:
            continue
        try:
            seen = preprocessing_of(model, thresholds.base)
        except RobustnessError:  # said by whoever loads the model
            continue
        if seen.read_from is not None:
            print(f"{model.name}: prepare = {json.dumps(model.prepare or 'transformers')} is {seen}", file=sys.stderr)
        found.append(seen.fit)
    return list(dict.fromkeys(found))


def learning_rate(given: float) -> float:
    """What `--learning-rate` says, where it trains anything."""
    if not 0 < given <= 1:
        raise RobustnessError(f"--learning-rate is above 0 and at most 1, not {given}")
    return given


def add_fit(parser: argparse.ArgumentParser) -> None:
    help_of_size = "width and height of the network's input (built-in networks: as trained, or 40)"
    parser.add_argument("--size", type=int, metavar="PIXELS", help=help_of_size)
    parser.add_argument(
        "--fit",
        choices=["crop-or-pad", "resize"],
        help="how images come to it (built-in networks: as trained, or crop-or-pad)",
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


def subject(args: argparse.Namespace, declared: Thresholds) -> Workbench:
    """What measures the models that a command names, on the images that it names; for a `with` statement."""
    from robustness.gate.workbench import Workbench, with_outside

    seed = declared.seed if args.seed is None else args.seed
    bench = Workbench(replace(declared, data=declared.data or data_of(args), seed=seed), root=args.root)
    base = None if args.data else declared.base  # `--data` is from the current folder, wherever the thresholds file is
    bench.once(
        "images",
        lambda: with_outside(load_images(args.data or bench.thresholds.data, root=args.root, base=base), bench.thresholds),
    )
    said_preparations(bench.thresholds, [args.model])
    return bench


def declared_by(args: argparse.Namespace, *others: str) -> Thresholds:
    """The models and images that a command names, through a thresholds file or itself. others: models beside `args.model`."""
    from robustness.errors import nearest
    from robustness.gate.thresholds import FILE_NAME, Thresholds
    from robustness.models.declaration import ModelDeclaration
    from robustness.noise import KINDS

    names = (args.model, *others)
    itself = args.data or args.weights or any(":" in name for name in names)
    file = args.thresholds or Path(FILE_NAME)
    if args.thresholds or (not itself and file.exists()):
        from robustness.kinds import read_thresholds

        thresholds = read_thresholds(file)
        for name in names:
            if name not in thresholds.models:
                raise RobustnessError(f"{file} declares no model {name!r}: {nearest(name, thresholds.models)}")
        return thresholds
    weights = {name: args.weights or (args.data if name in BUILT_IN else None) for name in names}
    models = {name: ModelDeclaration(name, name, weights[name], args.size, args.fit) for name in names}
    return Thresholds(Path.cwd() / FILE_NAME, "", args.data or "", 0, models, dict(KINDS))


def to_json(found: Any) -> str:
    """What was found, a dataclass of plain values."""
    from pydantic import TypeAdapter

    return TypeAdapter(type(found)).dump_json(found, by_alias=True, indent=2).decode()


def command() -> str:
    return shlex.join(["robustness", *sys.argv[1:]])


def model_table(name: str, fit: Preparation, mean: Sequence[float], std: Sequence[float], **first: Any) -> str:
    """The lines of `thresholds.toml` that declare a model: its `first` keys, then its preprocessing."""
    keys: dict[str, Any] = {**first, **({} if isinstance(first.get("prepare"), str) else _preparation_keys(fit))}
    if not isinstance(first.get("prepare"), str) and (any(mean) or any(value != 1 for value in std)):
        keys |= {"mean": list(mean), "std": list(std)}
    lines = (f"{key} = {_in_toml(value)}" for key, value in keys.items() if value is not None)
    return "\n".join([f"[models.{re.sub(r'[^A-Za-z0-9_]+', '-', name).strip('-')}]", *lines])


def _preparation_keys(fit: Preparation) -> dict[str, Any]:
    """What declares a preparation: size and fit, where these say all, and other steps."""
    if fit.exact:
        return {"size": _sides(fit.shape), "channels": None if fit.channels == 3 else fit.channels, "prepare": "done"}
    steps: dict[str, Any] = {
        "interpolation": None if fit.interpolation == "bilinear" else fit.interpolation,
        "antialias": None if fit.antialias == "pillow" else fit.antialias,
        "orientation": None if fit.upright else "stored",
        "background": fit.background if fit.background is None or fit.background == "ignored" else list(fit.background),
        "range": fit.range if fit.range is None or fit.range == "upper-byte" else list(fit.range),
    }
    short = fit.resize == fit.shape or (fit.resize is None and fit.centre == "floor")
    if not short:
        steps = {
            "resize": list(fit.resize) if isinstance(fit.resize, tuple) else fit.resize,
            "crop": _sides(fit.shape),
            **steps,
        }
    steps = {key: value for key, value in steps.items() if value is not None}
    keys: dict[str, Any] = {"size": _sides(fit.shape), "fit": fit.kind} if short else {}
    return {**keys, "channels": None if fit.channels == 3 else fit.channels, "prepare": steps or None}


def _sides(sides: int | Shape) -> int | list[int]:
    if isinstance(sides, int):
        return sides
    return sides[0] if sides[0] == sides[1] else list(sides)


def _in_toml(value: Any) -> str:
    """As JSON writes it, which TOML reads too, but for tables."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_in_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
