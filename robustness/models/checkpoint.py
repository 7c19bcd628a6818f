"""A trained model on disk: weights as safetensors, and beside them a card that says where they come from."""

from __future__ import annotations

import importlib.metadata
import json
import pickle
import platform
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from robustness.atomic import replacing
from robustness.errors import RobustnessError, described

State = dict[str, torch.Tensor]
TORCH_SUFFIXES = (".pt", ".pth")


def card_path(weights: Path) -> Path:
    return weights.with_suffix(".card.json")


def save_checkpoint(path: Path, state: State, card: dict[str, Any]) -> None:
    """Write weights and card; an interrupted write leaves what stood there before."""
    with replacing(path) as weights, replacing(card_path(path)) as text:
        text.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}, weights)


def versions() -> dict[str, str]:
    """What a training ran on, for its card."""
    packages = {name: importlib.metadata.version(name) for name in ("pytest-robustness", "torchvision", "numpy")}
    return {"python": platform.python_version(), "torch": torch.__version__, **packages}


def load_weights(path: Path) -> State:
    """The tensors of a safetensors file, or of a state dict that `torch.save` wrote (.pt, .pth).

    Of the latter tensors alone are read (`weights_only`): a pickle that would run code is refused.
    """
    try:
        return _load_state_dict(path) if path.suffix in TORCH_SUFFIXES else _load_safetensors(path)
    except FileNotFoundError:
        raise RobustnessError(f"{path}: no such weights; train them with `robustness train`") from None


def _load_safetensors(path: Path) -> State:
    try:
        with safe_open(path, "pt") as stored:
            return {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError) as error:
        raise RobustnessError(f"{path}: not a safetensors file ({error}); train or copy the weights again") from error


def _load_state_dict(path: Path) -> State:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about protocols; what cannot be read is refused all the same
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except pickle.UnpicklingError as error:
        raise RobustnessError(
            f"{path}: not a state dict of tensors alone; whatever else a pickle holds could run code when it is read, so it is "
            "not. Save model.state_dict() with torch.save, or as safetensors"
        ) from error
    except Exception as error:  # a damaged archive may raise anything
        raise RobustnessError(f"{path}: not a state dict that torch.save wrote ({described(error)})") from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):  # a trainer's checkpoint
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise RobustnessError(f"{path}: holds {type(state).__name__}, not a state dict; save model.state_dict()")
    return {str(name).removeprefix("module."): tensor for name, tensor in state.items()}  # of nn.DataParallel


def load_card(weights: Path) -> dict[str, Any]:
    """The card beside a weights file, or an empty one where there is none."""
    try:
        return dict(json.loads(card_path(weights).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        raise RobustnessError(f"{card_path(weights)}: not a card in JSON ({error})") from error


def load_class_names(weights: Path) -> tuple[str, ...] | None:
    """The classes that the card beside a weights file names, or None where it names none."""
    names = load_card(weights).get("class_names")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RobustnessError(f"{card_path(weights)}: class_names is a list of texts, not {names!r}")
    return tuple(names)
