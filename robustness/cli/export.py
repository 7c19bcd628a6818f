"""`robustness export`."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from robustness.cli.arguments import Commands, add_model, declared_by, model_table
from robustness.errors import RobustnessError
from robustness.files.folders import path_from
from robustness.models.declaration import IN_FILES, ModelDeclaration


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    export = commands.add_parser(
        "export",
        help="write a model as one file that is shipped and gated as it is",
        description="Write a network and its weights as one file. The file takes what the network takes: float32 of shape "
        "(N, 3, size, size), for any N, in 0..1 and with mean and standard deviation applied, which are declared again beside "
        "it. It is read back and compared on random images before it is kept. Printed are the lines that declare it.",
        epilog="Example: robustness export baseline-cnn --weights gtsrb --to onnx",
    )
    add_model(export)
    export.add_argument(
        "--to",
        choices=["onnx", "exported"],
        required=True,
        help='onnx: for ONNX Runtime and others (pip install "pytest-robustness[onnx]"). exported: a program of torch.export',
    )
    export.add_argument("--out", type=Path, metavar="FILE", help="default: the model's name, with .onnx or .pt2")
    export.set_defaults(run=_export, data=None)


def _check_source(file: Path, declaration: ModelDeclaration, base: Path) -> None:
    """Refuse to write over what the model is read from."""
    sources = [declaration.load.partition(":")[2]] if declaration.load.startswith(IN_FILES) else []
    sources += [declaration.weights] if declaration.weights else []
    for source in sources:
        if file.exists() and path_from(base, source).exists() and file.samefile(path_from(base, source)):
            raise RobustnessError(f"{file} is what {declaration.name} is read from: name another file with --out")


def _export(args: argparse.Namespace) -> None:
    from robustness.models.export import FORMATS, IMAGES, export_network
    from robustness.models.load import load_classifier

    declared = declared_by(args)
    classifier = load_classifier(declared.models[args.model], declared.base)
    name = re.sub(r"[^A-Za-z0-9_]+", "-", args.model).strip("-")
    file = args.out or Path(name + FORMATS[args.to].suffix)
    _check_source(file, declared.models[args.model], declared.base)
    moved = export_network(classifier, args.to, file)
    print(f"wrote {file}: the logits of {IMAGES} random images move by {moved:.1g} of the largest, at most")
    print("gate it with these lines in thresholds.toml, and limits on it:\n")
    place = file if file.is_absolute() else Path(os.path.relpath(file, declared.base))
    reference = f"{args.to}:{place.as_posix()}"
    source = declared.models[args.model]
    first = {
        "load": reference,
        "prepare": _library(source),
        "output": source.output,
        "threshold": source.threshold,
        "classes": source.classes,
        "outside": source.outside,
    }
    print(model_table(f"{name}-{args.to}", classifier.fit, classifier.mean, classifier.std, **first))


def _library(source: ModelDeclaration) -> str | None:
    """Where a library keeps the preparation, said so that it leads there from another `load` too."""
    if source.load.startswith("transformers:") and source.prepare is None and source.size is None:
        return source.load
    if not isinstance(source.prepare, str) or source.prepare == "done":
        return None
    return source.prepare if ":" in source.prepare else source.load
