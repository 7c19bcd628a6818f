"""`robustness models`."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from robustness.cli.arguments import Commands
from robustness.errors import RobustnessError, nearest
from robustness.models.declaration import BUILT_IN, FORMS, shipped_weights

if TYPE_CHECKING:
    from pathlib import Path

    from robustness.models.library import Library

WIDTH = 80


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    models = commands.add_parser(
        "models",
        help="which models there are, and what each is",
        description="List the built-in networks, the weights that come with them, and the references that name other models; "
        "or describe one network.",
        epilog="Example: robustness models torchvision:resnet50",
    )
    models.add_argument(
        "name", nargs="?", metavar="NAME", help="a built-in network, torchvision:NAME or timm:NAME; without it: all there is"
    )
    models.set_defaults(run=_models)


def _models(args: argparse.Namespace) -> None:
    from robustness.models.load import LIBRARIES

    scheme, colon, network = (args.name or "").partition(":")
    if args.name is None:
        lines = _overview()
    elif args.name in BUILT_IN:
        lines = _built_in(args.name)
    elif scheme + colon in LIBRARIES:
        lines = _of_library(LIBRARIES[scheme + colon](), network)
    else:
        known = [*BUILT_IN, *(form for form in FORMS if form.partition(":")[0] + ":" in LIBRARIES)]
        raise RobustnessError(f"there is nothing to say of {args.name!r}: {nearest(args.name, known)}")
    print("\n".join(lines))


def _overview() -> list[str]:
    from robustness.report.text.table import table

    rows = [(network, name, *_trained(file)) for network in BUILT_IN for name, file in shipped_weights(network).items()]
    return [
        'Built-in networks: load = "NAME"',
        *_entries(BUILT_IN),
        "",
        'Weights that come with them: weights = "SET"',
        *(f"  {line}" for line in table(["network", "set", "images", "size", "clean accuracy"], rows)),
        "  Accuracy is that on the test images of the same data.",
        "",
        'References: load = "REFERENCE", with size and fit',
        *_entries({form: text + _names_known(form) for form, text in FORMS.items()}),
        "",
        "robustness models NAME says more of a built-in network, torchvision:NAME or",
        "timm:NAME; docs/models.md has an example of each reference.",
    ]


def _trained(weights: Path) -> tuple[str, str, str]:
    from robustness.models.checkpoint import load_card

    card = load_card(weights)
    return f"{card['images']:,}", f"{card['fit']['size']} px", f"{card['test_accuracy']:.4f}"


def _names_known(form: str) -> str:
    from robustness.models.load import LIBRARIES

    scheme = form.partition(":")[0] + ":"
    if scheme not in LIBRARIES:
        return ""
    try:
        return f"; {len(LIBRARIES[scheme]().networks):,} names"
    except RobustnessError as error:  # not installed
        return f"; {error}"


def _built_in(name: str) -> list[str]:
    import torch

    from robustness.models.layers import layers, parameter_count
    from robustness.models.networks import DEFAULT_SIZE, NETWORKS
    from robustness.report.text.table import table

    with torch.device("meta"):
        outline = NETWORKS[name](43, DEFAULT_SIZE)
    rows = [
        (layer.name, layer.kind, " x ".join(map(str, layer.shape)), f"{layer.parameters:,}" if layer.parameters else "")
        for layer in layers(outline, DEFAULT_SIZE)
    ]
    lines = [
        *textwrap.wrap(f"{name}: {BUILT_IN[name]}", WIDTH),
        "",
        f"For 43 classes and images of {DEFAULT_SIZE} pixels, {parameter_count(outline):,} parameters:",
        *(f"  {line}" for line in table(["layer", "kind", "gives", "parameters"], rows)),
    ]
    for data, file in shipped_weights(name).items():
        lines += ["", f'weights = "{data}"', *_card(file)]
    return lines


def _card(weights: Path) -> list[str]:
    from robustness.models.checkpoint import load_card

    card = load_card(weights)
    said = {
        "trained on": f"{card['data']}, {card['images']:,} images, {card['fit']['kind']} {card['fit']['size']}",
        "clean accuracy": f"{card['test_accuracy']:.4f} on the test images of the same data",
        "recipe": ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in (card["recipe"] or {}).items()),
        "seed": card["seed"],
        "command": card["command"],
    }
    return _entries(said)


def _of_library(library: Library, network: str) -> list[str]:
    from robustness.models.layers import parameter_count
    from robustness.models.library import LARGEST, refusal, smallest_size

    outline = library.outline(network, 1000)
    size = smallest_size(outline)
    takes = f"none up to {LARGEST} px"
    if size is not None:
        takes = f"{size} px" + (f", but not {size + 1}" if refusal(outline, (3, size + 1, size + 1)) else "")
    said = {
        "parameters": f"{parameter_count(outline):,}, for 1,000 classes",
        "smallest image": f"{takes}; found by trying",
        "last layer": f"{library.head(network)}; its size follows the classes in your weights",
        "declare it": f'load = "{library.name}:{network}", weights, size and fit',
    }
    return [f"{library.name}:{network} of {library.name} {library.version}", *_entries(said)]


def _entries(said: Mapping[str, object]) -> list[str]:
    """Names with their texts beside them, or below a name that is long."""
    lines, indent = [], " " * 17
    for name, text in said.items():
        start = f"  {name:14} "
        above = [] if len(start) == len(indent) else [start.rstrip()]
        first = indent if above else start
        lines += above + textwrap.wrap(str(text), WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
    return lines
