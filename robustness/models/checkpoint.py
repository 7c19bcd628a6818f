"""A trained model on disk: weights as safetensors, and beside them a card that says where they come from."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from robustness.errors import RobustnessError, in_one_line
from robustness.files.atomic import replacing
from robustness.files.recognise import stand_in
from robustness.files.schemas import PACKAGE, unreadable
from robustness.models.torch_files import State, read_torch_file

SCHEMA = 1
"""Of cards; the first ones do not say it."""

TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".tar")


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


def load_weights(path: Path, key: str | None = None) -> State:
    """The tensors of a safetensors file, or of a file that `torch.save` wrote, whatever it is called.

    Of the latter tensors alone are read: nothing that is in a pickle runs. key: see `read_torch_file`.
    """
    try:
        if path.is_file() and (what := stand_in(path)):
            raise RobustnessError(f"{path}: {what}")
        if not _is_torch_file(path):
            return _load_safetensors(path, key)
        return read_torch_file(path, key)
    except FileNotFoundError:
        raise RobustnessError(f"{path}: no such weights; train them with `robustness train`") from None


def _is_torch_file(path: Path) -> bool:
    """By the first bytes of a zip archive or a pickle; where they are neither's, by the suffix, for the error to name."""
    with path.open("rb") as content:
        start = content.read(9)
    if start[8:9] == b"{":
        return False
    return start.startswith((b"PK", b"\x80")) or path.suffix in TORCH_SUFFIXES


def _load_safetensors(path: Path, key: str | None) -> State:
    if key is not None:
        raise RobustnessError(f"{path}: is one state dict, not several; name no weights_key")
    try:
        with safe_open(path, "pt") as stored:
            return {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError) as error:
        raise RobustnessError(
            f"{path}: not a safetensors file ({in_one_line(error)}); train or copy the weights again"
        ) from error


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
