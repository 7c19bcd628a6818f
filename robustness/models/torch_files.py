"""Files that `torch.save` wrote, read without running any code that is in them."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from robustness.errors import RobustnessError, described

State = dict[str, torch.Tensor]


class StandIn:
    """In place of an object of a class that weights need none of, such as a trainer's settings. It does nothing."""

    def __new__(cls, *values: object, **named: object) -> StandIn:
        return object.__new__(cls)

    def __init__(self, *values: object, **named: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...


def read_torch_file(path: Path, key: str | None = None) -> State:
    """The state dict in a file: all of it, or one of its entries, as trainers keep it beside much else.

    key: which of its entries; needed where several are state dicts.
    """
    content = _content(path)
    if not isinstance(content, Mapping):
        raise RobustnessError(f"{path}: holds {_kind(content)}, not a state dict; save model.state_dict()")
    state = _chosen(content, path, key)
    for name, tensor in state.items():
        if not _is_plain(tensor):
            raise RobustnessError(
                f"{path}: {name!r} is not a plain tensor with all its numbers in the file; save model.state_dict() of the "
                "network as it computes, not quantized, sparse or on the meta device"
            )
    return state


def _content(path: Path) -> Any:
    """Whatever was saved. Torch builds tensors and plain containers alone; what else there is becomes a `StandIn`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about protocols; what cannot be read is refused all the same
            try:
                return torch.load(path, map_location="cpu", weights_only=True)
            except pickle.UnpicklingError:
                if not zipfile.is_zipfile(path):
                    raise
                named: list[Any] = [(type(name, (StandIn,), {}), name) for name in get_unsafe_globals_in_checkpoint(str(path))]
                with safe_globals(named):
                    return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except pickle.UnpicklingError as error:
        raise _runs_code(path) from error
    except Exception as error:  # a damaged archive may raise anything
        if program := _program(path):
            raise RobustnessError(f"{path}: holds a program, not weights: {program}") from error
        raise RobustnessError(f"{path}: not a state dict that torch.save wrote ({described(error)})") from error


def _program(path: Path) -> str | None:
    """How to declare a file that has code beside its weights."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    if any(name.startswith("code/") for name in names):
        return 'declare load = "torchscript:FILE"'
    return 'declare load = "exported:FILE"' if any(name.startswith("models/") for name in names) else None


def _runs_code(path: Path) -> RobustnessError:
    return RobustnessError(
        f"{path}: not a state dict of tensors alone; whatever else a pickle holds could run code when it is read, so it is "
        "not. Save model.state_dict() with torch.save, or as safetensors"
    )


def _chosen(content: Mapping[Any, Any], path: Path, key: str | None) -> State:
    held = {str(name): value for name, value in content.items() if _is_state(value)}
    if key is not None:
        if key not in held:
            raise RobustnessError(f"{path}: holds no state dict {key!r}; {_listed(held)}")
        return _named(held[key])
    if _is_state(content):
        return _named(content)
    if len(held) == 1:
        return _named(next(iter(held.values())))
    if held:
        raise RobustnessError(f"{path}: holds {len(held)} state dicts; {_listed(held)}: say which with weights_key")
    if any(isinstance(value, StandIn) for value in content.values()):
        raise _runs_code(path)
    raise RobustnessError(f"{path}: holds {_kind(content)}, not a state dict; save model.state_dict()")


def _listed(held: Mapping[str, object]) -> str:
    return f"it has {', '.join(sorted(held))}" if held else "it has none"


def _named(state: Mapping[Any, torch.Tensor]) -> State:
    return {str(name): tensor for name, tensor in state.items()}


def _is_state(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(part, torch.Tensor) for part in value.values())


def _kind(content: object) -> str:
    if isinstance(content, StandIn):
        return f"a whole {type(content).__name__}, which is code"
    return type(content).__name__


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is as large as it says: one that is spread from fewer numbers could claim all memory there is."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
