"""What a state dict holds, as a hash: tensors of any kind, and whatever else `state_dict` and `get_extra_state` give."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import torch

PLAIN = (torch.Tensor, torch.nn.Parameter, torch.nn.parameter.Buffer)
"""The classes of tensors that are what their bytes say; others, such as torchao's, are made of tensors by name."""


def hash_state(state: Mapping[str, object]) -> str:
    """SHA-256 over a state dict in the order of the names: of tensors the types, shapes and bytes.

    Of an object that nothing is known of, the class and the attributes are hashed.
    """
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        for part in _parts(name, value, ()):
            digest.update(part)
    return digest.hexdigest()


def is_lasting(value: object) -> bool:
    """Whether a value stays what it is while a network runs: a lone whole number may well be a counter."""
    if isinstance(value, torch.Tensor):
        return value.numel() > 1 or value.is_floating_point() or value.is_quantized
    return any(map(is_lasting, _inside(value)))


def holds_weights(value: object) -> bool:
    """Whether it is a tensor of real numbers, quantized or not, or has one inside."""
    if isinstance(value, torch.Tensor):
        return value.is_floating_point() or value.is_quantized
    return any(map(holds_weights, _inside(value)))


def _inside(value: object) -> list[object]:
    match value:
        case Mapping():
            return list(value.values())
        case list() | tuple():
            return list(value)
    return []


def _parts(name: str, value: object, around: tuple[int, ...]) -> Iterator[bytes | memoryview]:
    """What of a value goes into the hash. around: the ids of the objects that it is inside of."""
    if isinstance(value, torch.Tensor):
        yield from _of_tensor(name, value, around)
        return
    if id(value) in around:
        yield f"{name}|again|".encode()
        return
    around = (*around, id(value))
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes() | torch.dtype() | torch.device():
            yield f"{name}|{value!r}|".encode()
        case Mapping():
            yield f"{name}|mapping of {len(value)}|".encode()
            for key in sorted(value, key=str):
                yield from _parts(f"{name}.{key}", value[key], around)
        case list() | tuple():
            yield f"{name}|sequence of {len(value)}|".encode()
            for place, inner in enumerate(value):
                yield from _parts(f"{name}.{place}", inner, around)
        case set() | frozenset():
            yield f"{name}|set {sorted(map(repr, value))}|".encode()
        case _:
            yield f"{name}|{type(value).__module__}.{type(value).__qualname__}|".encode()
            for key, inner in sorted(getattr(value, "__dict__", {}).items()):
                if not callable(inner):
                    yield from _parts(f"{name}.{key}", inner, around)


def _of_tensor(name: str, tensor: torch.Tensor, around: tuple[int, ...]) -> Iterator[bytes | memoryview]:
    tensor = tensor.detach()
    head = f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|"
    if tensor.is_quantized:
        yield f"{head}{tensor.qscheme()}|".encode()
        yield from _of_tensor(f"{name} steps", tensor.int_repr(), around)
        yield from _parts(f"{name} scale", _scale(tensor), around)
    elif type(tensor) not in PLAIN and hasattr(tensor, "__tensor_flatten__"):
        names, settings = tensor.__tensor_flatten__()
        yield f"{head}{type(tensor).__qualname__}|".encode()
        yield from _parts(f"{name} settings", settings, around)
        for inner in names:
            yield from _parts(f"{name}.{inner}", getattr(tensor, inner), around)
    elif tensor.layout is not torch.strided:
        yield f"{head}{tensor.layout}|".encode()
        yield from _of_tensor(name, tensor.to_dense(), around)
    else:
        yield head.encode()
        yield tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def _scale(tensor: torch.Tensor) -> list[object]:
    """The numbers that the steps of a quantized tensor stand for."""
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        return [tensor.q_scale(), tensor.q_zero_point()]
    return [tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points(), tensor.q_per_channel_axis()]
