"""A generator on disk: safetensors with a card, as classifiers are kept, that says how to build it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robustness.errors import RobustnessError, described
from robustness.files.folders import path_from
from robustness.gan.condition import Condition
from robustness.gan.recipes import NETWORKS
from robustness.gan.sample import Generator
from robustness.models.checkpoint import card_path, fill, load_card, load_weights, save_checkpoint
from robustness.models.declaration import shipped_weights


def save_generator(path: Path, module: nn.Module, card: dict[str, Any]) -> None:
    """Write the weights, matrices in float16, which halves the file; the few other numbers stay as they are."""
    small = {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in module.state_dict().items()}
    save_checkpoint(path, small, card)


def generator_file(reference: str, base: Path) -> Path:
    """The file of a generator that comes with the package, by its name, or of one at a path from `base`."""
    return shipped_weights("gan").get(reference) or path_from(base, reference)


def load_generator(path: Path) -> Generator:
    """The generator of a file that `robustness gan train` wrote."""
    if not path.is_file():
        shipped = ", ".join(shipped_weights("gan"))
        if kept := sorted(path.glob("*.safetensors")):
            raise RobustnessError(f"{path}: a folder; name one of the generators in it, such as {kept[-1]}")
        raise RobustnessError(f"{path}: no such generator; train one with `robustness gan train`, or name one of {shipped}")
    state = load_weights(path)
    card = load_card(path)
    if not isinstance(card.get("network"), str) or card["network"] not in NETWORKS:
        raise RobustnessError(f"{card_path(path)}: not the card of a generator; copy it along with the weights")
    try:
        condition = Condition.from_card(card["condition"])
        full = {name: _full(tensor) for name, tensor in state.items()}
        module = fill(lambda: NETWORKS[card["network"]].generator(condition), full)
    except RobustnessError as error:
        raise RobustnessError(f"{card_path(path)}: {error}") from error
    except Exception as error:  # a card that was edited may hold anything
        raise RobustnessError(f"{path}: weights and card do not belong together ({described(error)})") from error
    return Generator(module, condition, _losses(card, path), card.get("data_hash"))


def _losses(card: dict[str, Any], path: Path) -> dict[str, list[float]]:
    """What the card tells of the training's losses; none where it tells nothing."""
    if "losses" not in card:
        return {}
    try:
        losses = {name: [float(loss) for loss in card["losses"][name]] for name in ("generator", "discriminator")}
        epochs = {len(values) for values in losses.values()}
        if len(epochs) > 1 or not all(math.isfinite(loss) for values in losses.values() for loss in values):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise RobustnessError(
            f"{card_path(path)}: losses are a number for each epoch, of the generator and of the discriminator; copy the card "
            "along with the weights again"
        ) from None
    return losses


def _full(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
