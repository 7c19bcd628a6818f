"""A trained model on disk: weights as safetensors, and beside them a card that says where they come from."""

from __future__ import annotations

import importlib.metadata
import json
import pickle
import platform
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from robustness.errors import RobustnessError, described, in_one_line
from robustness.files.atomic import replacing
from robustness.files.schemas import PACKAGE, unreadable

SCHEMA = 1
"""Of cards; the first ones do not say it."""

State = dict[str, torch.Tensor]
TORCH_SUFFIXES = (".pt", ".pth")


def card_path(weights: Path) -> Path:
    return weights.with_suffix(".card.json")


def save_checkpoint(path: Path, state: State, card: dict[str, Any]) -> None:
    """Write weights and card; an interrupted write leaves what stood there before."""
    with replacing(path) as weights, replacing(card_path(path)) as text:
        text.write_text(json.dumps({"schema": SCHEMA, **card}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
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
        raise RobustnessError(
            f"{path}: not a safetensors file ({in_one_line(error)}); train or copy the weights again"
        ) from error


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
    for name, tensor in state.items():
        if not _is_plain(tensor):
            raise RobustnessError(
                f"{path}: {name!r} is not a plain tensor with all its numbers in the file; save model.state_dict() of the "
                "network as it computes, not quantized, sparse or on the meta device"
            )
    plain = {str(name).removeprefix("module."): tensor for name, tensor in state.items()}  # of nn.DataParallel
    if len(plain) < len(state):
        raise RobustnessError(
            f"{path}: holds some weights twice, with and without module. before their names; save one network"
        )
    return plain


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is as large as it says: one that is spread from fewer numbers could claim all memory there is."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def fill(build: Callable[[], nn.Module], state: State) -> nn.Module:
    """The network that `build` makes, with these weights; a `RuntimeError` or a `RobustnessError` says what does not fit.

    It is looked at as shapes first, which take no memory: what a file claims is held against what is in it.
    """
    with torch.device("meta"):
        outline = build()
    check_types(outline, state)
    outline.load_state_dict(state, assign=True)
    module = build()
    module.load_state_dict(state)
    return module


def check_types(module: nn.Module, state: State) -> None:
    """A `RobustnessError` where weights are whole or complex numbers and the network's are not: torch would convert them."""
    for name, tensor in module.state_dict().items():
        if name in state and state[name].is_floating_point() != tensor.is_floating_point():
            raise RobustnessError(f"{name} is {state[name].dtype}, where the network has {tensor.dtype}")


def load_card(weights: Path) -> dict[str, Any]:
    """The card beside a weights file, or an empty one where there is none."""
    try:
        card = json.loads(card_path(weights).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{card_path(weights)}: not a card in JSON ({error})") from error
    if not isinstance(card, dict):
        raise RobustnessError(f"{card_path(weights)}: not a card in JSON, but {type(card).__name__}")
    schema = card.pop("schema", SCHEMA)
    if schema != SCHEMA:
        made_by = card["versions"].get(PACKAGE) if isinstance(card.get("versions"), dict) else card.get("made_by")
        raise RobustnessError(f"{card_path(weights)}: {unreadable('cards', schema, SCHEMA, made_by)}")
    return card


def load_class_names(weights: Path) -> tuple[str, ...] | None:
    """The classes that the card beside a weights file names, or None where it names none."""
    names = load_card(weights).get("class_names")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RobustnessError(f"{card_path(weights)}: class_names is a list of texts, not {names!r}")
    return tuple(names)
