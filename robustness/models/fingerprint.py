"""What a network computes with, as a hash: its modules, their settings, tensors and hooks, and the code of its forward pass.

A state dict says nothing of an activation that was swapped, of an `eps`, a parametrization or a function that somebody patched.
Code is followed from `forward` to whatever its names stand for, on and on, until it ends in compiled functions.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from types import CellType, CodeType, FunctionType, MethodType, ModuleType

import torch
from torch import nn
from torch.nn.modules import module as torch_module

from robustness.models.state import hash_state, is_lasting

OF_TORCH = frozenset(vars(nn.Module()))
"""The attributes of every module; hooks and tensors among them are looked at by themselves."""
HOOKS = ("_forward_hooks", "_forward_pre_hooks")
GLOBAL_HOOKS = ("_global_forward_hooks", "_global_forward_pre_hooks")
CALLS = ("__call__", "_wrapped_call_impl", "_call_impl")
"""The methods of `nn.Module` between a call and `forward`."""
LATE = ("torch._dynamo", "torch._inductor", "torch._export", "torch._functorch", "torch._higher_order_ops")
"""Compilers, which some processes come to load and others do not; they have no part in a plain forward pass."""
GENERATED = "None"
"""In place of a module's name: code that a program of torch.export brings along in its file."""
RUNTIMES = {"numpy", "openvino", "ai_edge_litert", "keras", "transformers"}
PACKAGES = {"robustness", "torch", "torchvision", "timm", *RUNTIMES, GENERATED, *sys.stdlib_module_names} - {"unittest"}
CONSTANTS = (bool, int, float, str, tuple)
"""Of globals; others are caches and registries more often than settings."""


def fingerprint(module: nn.Module, weights: str) -> str:
    """SHA-256 of a network as it is now: the same in every process with the same code, Python and torch.

    weights: `hash_state` of its state dict.
    """
    seen = _Seen(settings=True)
    tree = list(seen.tree(module))
    return _sha256([*tree, *sorted(seen.code), hash_state(seen.tensors), weights])


def lasting_fingerprint(module: nn.Module) -> str:
    """The same of what stays in a network of anybody's while it runs: it may count in whole numbers, and keep things in
    attributes, so these have no part in it.
    """
    seen = _Seen(settings=False)
    tree = list(seen.tree(module))
    lasting = {name: value for name, value in module.state_dict().items() if is_lasting(value)}
    return _sha256([*tree, *sorted(seen.code), hash_state(seen.tensors), hash_state(lasting)])


def foreign_code(module: nn.Module) -> list[str]:
    """What runs in a network's forward pass and is no part of the packages that networks in files are made of.

    Functions and classes by name, and functions of torch that stand under the name of another.
    """
    seen = _Seen(settings=True)
    for _ in seen.tree(module):
        pass
    return sorted({name for name in seen.names if name.partition(".")[0] not in PACKAGES} | seen.swapped)


class _Seen:
    """What was met on a walk. code: a line for each function, in no order; names: theirs, and those of the kinds of modules.
    tensors: by path and name.
    """

    def __init__(self, settings: bool) -> None:
        self.settings = settings
        self.code: set[str] = set()
        self.names: set[str] = set()
        self.swapped: set[str] = set()
        self.tensors: dict[str, torch.Tensor] = {}
        self._met: set[object] = set()

    def tree(self, module: nn.Module, root: str = "") -> Iterator[str]:
        """A line for each thing in the tree. root: the path of the module itself."""
        yield from (self.name_of(hook) for name in GLOBAL_HOOKS for hook in getattr(torch_module, name).values())
        for path, part in module.named_modules(prefix=root, remove_duplicate=False):
            yield f"{path}: {self._class(type(part))}({part.extra_repr()})"
            for name in part._non_persistent_buffers_set:  # no part of the state dict
                if (tensor := part._buffers[name]) is not None and (self.settings or is_lasting(tensor)):
                    self.tensors[f"{path}.{name}"] = tensor
            yield from (self.name_of(hook) for name in HOOKS for hook in getattr(part, name).values())
            own = {name: value for name, value in sorted(vars(part).items()) if name not in OF_TORCH}
            for name, value in own.items():
                if self.settings or callable(value):
                    yield f"{name}: {self._value(value, f'{path}.{name}')}"

    def name_of(self, thing: object) -> str:
        """Of a function or class, of anything else that of its class; a function's code is looked at."""
        match thing:
            case functools.partial():
                return f"partial({self.name_of(thing.func)}, {self._value(thing.args)}, {self._value(thing.keywords)})"
            case MethodType():
                return f"{self.name_of(thing.__func__)} of {_name(type(thing.__self__))}"
            case FunctionType():
                self._enter(thing)
        if not inspect.isroutine(thing) and callable(thing) and not isinstance(thing, type):
            self.names.add(_name(type(thing)))
        return _name(thing if inspect.isroutine(thing) or isinstance(thing, type) else type(thing))

    def _value(self, value: object, path: str = "") -> str:
        """A setting, in words that are the same in every process; of an object that nothing is known of, its class."""
        match value:
            case None | bool() | int() | float() | complex() | str() | torch.dtype() | torch.device():
                return repr(value)
            case bytes():
                return hashlib.sha256(value).hexdigest()  # the content of a file, perhaps
            case list() | tuple():
                return f"[{', '.join(self._value(inner, f'{path}.{place}') for place, inner in enumerate(value))}]"
            case set() | frozenset():
                return f"{{{', '.join(sorted(self._value(inner, path) for inner in value))}}}"
            case dict():
                kept = {
                    key: inner for key, inner in value.items() if not isinstance(inner, torch.Tensor)
                }  # the rest is a cache
                items = (f"{key!s}: {self._value(inner, f'{path}.{key}')}" for key, inner in kept.items())
                return f"{{{', '.join(items)}}}"
            case nn.Module() if id(value) not in self._met:  # kept in an attribute, so that it is no part of the tree
                self._met.add(id(value))
                self.tensors |= {f"{path}.{name}": tensor for name, tensor in value.state_dict().items()}
                return "\n".join(self.tree(value, path))
            case torch.Tensor():
                self.tensors[path] = value
                return "tensor"
        return self.name_of(value)

    def _class(self, cls: type[nn.Module]) -> str:
        """The name of a kind of module; its `forward` is looked at, with all methods and properties that it names."""
        if cls not in self._met:
            self._met.add(cls)
            self.names.add(_name(cls))
            bases = cls.__mro__[: cls.__mro__.index(nn.Module)]
            self.code |= {f"{name}: {self.name_of(getattr(nn.Module, name))}" for name in CALLS}
            new, reached = {"forward"}, set[str]()
            while new:
                reached |= new
                methods = [_function(vars(base)[name]) for base in bases for name in new if name in vars(base)]
                self.code |= {f"{_name(cls)}: {self.name_of(method)}" for method in methods}
                new = {name for method in methods for name in _names(method)} - reached
        return _name(cls)

    def _enter(self, function: FunctionType) -> None:
        if function in self._met:
            return
        self._met.add(function)
        self.names.add(_name(function))
        settings = [function.__defaults__, function.__kwdefaults__, *map(_content, function.__closure__ or ())]
        used = sorted(self._used(function)) if _is_followed(function) else []
        self.code.add(f"{_name(function)}: {_digest(function.__code__)} {self._value(settings, _name(function))} {used}")

    def _used(self, function: FunctionType) -> Iterator[str]:
        """What the names in a function stand for: globals, what modules among them hold, and methods of tensors."""
        names = _names(function)
        yield from (f"tensor.{name}: {self.name_of(vars(torch.Tensor)[name])}" for name in names if name in vars(torch.Tensor))
        found = {name: function.__globals__[name] for name in names if name in function.__globals__}
        modules: set[str] = set()
        while found:
            name, value = found.popitem()
            if isinstance(value, ModuleType):
                if value.__name__ not in modules and not value.__name__.startswith(LATE):
                    modules.add(value.__name__)
                    held = {name: vars(value)[name] for name in names if name in vars(value)}
                    found |= {f"{value.__name__}.{name}": part for name, part in held.items()}
                    self.swapped |= {
                        f"{_name(part)} as {name}" for name, part in held.items() if _is_swapped(value, name, part)
                    }
            elif isinstance(value, CONSTANTS) or callable(value):
                yield f"{name}: {self._value(value, name)}"


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(lines).encode()).hexdigest()


def _function(attribute: object) -> object:
    """What runs when an attribute of a class is used."""
    match attribute:
        case property():
            return attribute.fget
        case functools.cached_property():
            return attribute.func
        case staticmethod() | classmethod():
            return attribute.__func__
    return attribute


def _is_swapped(module: ModuleType, name: str, part: object) -> bool:
    """Whether a function of torch is found under a name that is not its own, and under its own as well."""
    own = getattr(part, "__name__", name) if inspect.isroutine(part) else name
    return module.__name__.startswith("torch") and own.strip("_") != name.strip("_") and vars(module).get(own) is part


def _is_followed(function: FunctionType) -> bool:
    """Whether its names are looked up; what torch does below its functions for networks is a matter of torch's version."""
    package = function.__module__ or ""
    return package.startswith("torch.nn.") or package.partition(".")[0] != "torch"


def _name(thing: object) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _names(thing: object) -> frozenset[str]:
    """All names in the code of a function; none in what is compiled."""
    return _names_in(thing.__code__) if isinstance(thing, FunctionType) else frozenset()


@functools.cache
def _names_in(code: CodeType) -> frozenset[str]:
    return frozenset(code.co_names).union(*map(_names_in, _inner(code)))


@functools.cache
def _digest(code: CodeType) -> str:
    """SHA-256 of what a function does, wherever it stands."""
    plain = [one for one in code.co_consts if not isinstance(one, CodeType)]
    constants = [repr(sorted(map(repr, one)) if isinstance(one, frozenset) else one) for one in plain]
    content = [code.co_code.hex(), *constants, repr(code.co_names), *map(_digest, _inner(code))]
    return _sha256(content)


def _inner(code: CodeType) -> Iterable[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]
