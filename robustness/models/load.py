"""From a declaration to a classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any, get_args

import torch
from torch import nn

from robustness.data.preparation import LARGEST, Fit, FitKind, Preparation
from robustness.errors import RobustnessError, in_one_line, nearest
from robustness.factory import call_factory
from robustness.files.folders import path_from
from robustness.models.checkpoint import card_path, check_types, fill, load_card, load_class_names, load_weights
from robustness.models.class_map import read_class_map
from robustness.models.classifier import Classifier, best_device, input_type, place
from robustness.models.declaration import BUILT_IN, ModelDeclaration, meant_by, shipped_weights
from robustness.models.exported import load_exported
from robustness.models.file_network import PIXELS, FileNetwork
from robustness.models.keras_network import load_keras
from robustness.models.library import Library
from robustness.models.litert_network import load_litert
from robustness.models.networks import DEFAULT_SIZE, NETWORKS, classes_in
from robustness.models.onnx_network import load_onnx
from robustness.models.openvino_network import load_openvino
from robustness.models.outputs import KINDS, Output
from robustness.models.preprocessing import Preprocessing
from robustness.models.seen import UNSAID, preprocessing_of
from robustness.models.timm_networks import timm_library
from robustness.models.torch_files import State
from robustness.models.torchscript import load_torchscript
from robustness.models.torchvision_networks import torchvision_library
from robustness.models.transformers_network import class_names_in, load_transformers
from robustness.models.weight_names import for_network

LIBRARIES: dict[str, Callable[[], Library]] = {"torchvision:": torchvision_library, "timm:": timm_library}
Loader = Callable[[Path, Preparation, str | None], tuple[nn.Module, str]]
FILES: dict[str, Loader] = {
    "exported:": load_exported,
    "keras:": load_keras,
    "litert:": load_litert,
    "onnx:": load_onnx,
    "openvino:": load_openvino,
    "torchscript:": load_torchscript,
    "transformers:": load_transformers,
}


class MissingWeightsError(RobustnessError):
    """A declaration names a file of weights that is not there."""


def load_classifier(declaration: ModelDeclaration, base: Path | None = None) -> Classifier:
    """The classifier a declaration names; relative paths and modules start from `base`, by default the current folder."""
    base = base or Path.cwd()
    return _mapped(_loaded(declaration, base), declaration, base)


def _mapped(classifier: Classifier, declaration: ModelDeclaration, base: Path) -> Classifier:
    """With the classes that the declaration gives its logits."""
    if declaration.classes is None:
        return classifier
    try:
        class_map = read_class_map(declaration.classes, declaration.outside or "wrong", base)
    except RobustnessError as error:
        raise RobustnessError(f"model {declaration.name}: {error}") from error
    return replace(classifier, class_map=class_map)


def _loaded(declaration: ModelDeclaration, base: Path) -> Classifier:
    scheme = declaration.load[: declaration.load.find(":") + 1]
    if declaration.load in BUILT_IN:
        return _load_built_in(declaration, base)
    if scheme == "python:":
        return _wrapped(call_factory(declaration.load.removeprefix(scheme), base), declaration, base)
    if scheme in LIBRARIES:
        return _load_from_library(declaration, base, LIBRARIES[scheme], declaration.load.removeprefix(scheme))
    if scheme in FILES:
        return _load_file(declaration, base, FILES[scheme], declaration.load.removeprefix(scheme))
    if declaration.load == "fixture":
        raise RobustnessError(
            f'model {declaration.name}: load = "fixture" needs a pytest fixture {declaration.fixture!r} in conftest.py, '
            "and only tests can measure it, as `robustness gate` does"
        )
    raise RobustnessError(f"model {declaration.name}: unknown load {declaration.load!r}: {meant_by(declaration.load)}")


def load_trained(file: Path) -> Classifier:
    """The classifier in a file that `robustness train` wrote, as its card describes it."""
    if not file.is_file():
        raise RobustnessError(f"{file}: no such file; `robustness train` writes one")
    if not card_path(file).is_file():
        raise RobustnessError(f"{file}: no card beside it that `robustness train` wrote; train it, or copy the card too")
    try:
        return load_classifier(_of_card(load_card(file), file))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RobustnessError(f"{card_path(file)}: not the card of a classifier that `robustness train` wrote") from error


def _of_card(card: dict[str, Any], file: Path) -> ModelDeclaration:
    """What a card declares. It may come from anybody, along with the weights: it names a network, and never code."""
    network, fit = card["network"], card["fit"]
    none = {"mean": ModelDeclaration.mean, "std": ModelDeclaration.std}  # as the first cards, which do not tell
    mean, std = (tuple({**none, **card}[name]) for name in none)
    if network not in BUILT_IN and not network.startswith(tuple(LIBRARIES)):
        raise ValueError(network)
    if not is_size(fit["size"]) or fit["kind"] not in get_args(FitKind):
        raise ValueError(fit)
    if not len(mean) == len(std) == 3 or not all(map(isfinite, (*mean, *std))) or min(std) <= 0:
        raise ValueError(mean, std)
    return ModelDeclaration(file.stem, network, str(file.absolute()), fit["size"], fit["kind"], mean, std)


def is_size(size: object) -> bool:
    """Whether it is a number of pixels that images are brought to."""
    return isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= LARGEST


def wrap_module(module: object, declaration: ModelDeclaration, base: Path) -> Classifier:
    """A user's own module as the declaration describes it. Its code cannot be hashed, so its results serve one run."""
    return _mapped(_wrapped(module, declaration, base), declaration, base)


def _wrapped(module: object, declaration: ModelDeclaration, base: Path) -> Classifier:
    if isinstance(module, Classifier):
        own = Preprocessing(module.fit, module.mean, module.std)
        given = own if declaration.size is None and declaration.prepare is None else preprocessing_of(declaration, base)
        declared = (given.fit, given.mean, given.std, declaration.precision, Output(declaration.output, declaration.threshold))
        if declaration.weights or declared != (module.fit, module.mean, module.std, module.precision, module.output):
            raise RobustnessError(
                f"model {declaration.name}: {declaration.load} gave a Classifier with preprocessing of its own, {module.fit}; "
                "declare the same size, fit or prepare, mean, std, precision and output, and no weights"
            )
        if module.architecture is None:
            return module
        return replace(module, architecture=None)  # the user's code may have changed it: no name stands for it any more
    if not isinstance(module, nn.Module):
        raise RobustnessError(f"model {declaration.name}: {declaration.load} gave {type(module).__name__}, not an nn.Module")
    seen = preprocessing_of(declaration, base)
    if declaration.weights:
        file = weights_file(declaration, base)
        _load_state(module, load_weights(file, declaration.weights_key), declaration, file)
    return _classifier(module, declaration, seen)


def _load_built_in(declaration: ModelDeclaration, base: Path) -> Classifier:
    file = weights_file(declaration, base)
    state, file_hash = _read(file, declaration.weights_key)
    with torch.device("meta"):
        outline = NETWORKS[declaration.load](2, DEFAULT_SIZE)
    state = for_network(state, outline.state_dict(), file)
    classes = classes_in(declaration.load, state)
    if classes is None:
        raise RobustnessError(f"model {declaration.name}: {file} holds no weights of {declaration.load}")
    seen = preprocessing_of(declaration, base)
    if seen.fit.channels != 3 or seen.fit.height != seen.fit.width:
        raise RobustnessError(f"model {declaration.name}: {declaration.load} takes square RGB images, not {seen.fit}")
    with _fitting(declaration):
        module = fill(lambda: NETWORKS[declaration.load](classes, seen.fit.size), state)
    _check_card(declaration, seen, file)
    architecture = declaration.load
    return _classifier(module, declaration, seen, architecture, load_class_names(file), torch.channels_last, file_hash)


def trained_fit(file: Path) -> Preparation:
    """How images came to weights as they were trained, as their card says."""
    told = load_card(file).get("fit", {"size": DEFAULT_SIZE})
    size, kind = (told.get("size"), told.get("kind", UNSAID)) if isinstance(told, dict) else (None, UNSAID)
    if not isinstance(size, int) or not is_size(size):
        raise RobustnessError(f"{card_path(file)}: fit has a size in pixels, 1 to {LARGEST}, not {size!r}")
    if kind not in get_args(FitKind):
        raise RobustnessError(f"{card_path(file)}: fit has a kind, {' or '.join(get_args(FitKind))}, not {kind!r}")
    return Fit(size, kind)


def _load_file(declaration: ModelDeclaration, base: Path, load: Loader, target: str) -> Classifier:
    seen = preprocessing_of(declaration, base)
    if declaration.weights is not None:
        raise RobustnessError(f"model {declaration.name}: {target} has its weights inside; name no others")
    if declaration.precision != "float32":
        raise RobustnessError(f"model {declaration.name}: {target} has its precision inside; declare none")
    file = path_from(base, target)
    try:
        module, architecture = load(file, seen.fit, declaration.output)
        class_names = class_names_in(file) if load is load_transformers else None
    except RobustnessError as error:
        raise RobustnessError(f"model {declaration.name}: {error}") from error
    if input_type(module) is PIXELS and (any(seen.mean) or any(value != 1 for value in seen.std)):
        raise RobustnessError(
            f"model {declaration.name}: {target} takes the pixels as they are, 0..255; declare no mean and std for it"
        )
    if isinstance(module, FileNetwork) and declaration.output not in (None, *KINDS):
        declaration = replace(declaration, output="logits")  # of that name, which it gives alone
    return _classifier(module, declaration, seen, architecture, class_names, file_hash=architecture)  # the file's hash is in it


def _load_from_library(declaration: ModelDeclaration, base: Path, library: Callable[[], Library], network: str) -> Classifier:
    seen = preprocessing_of(declaration, base)
    file = weights_file(declaration, base)
    try:
        state, file_hash = _read(file, declaration.weights_key)
        module, architecture = library().load(network, state, seen.fit, file)
    except (RobustnessError, RuntimeError) as error:  # torch says which weights do not fit
        raise RobustnessError(f"model {declaration.name}: {file}: {in_one_line(error)}") from error
    _check_card(declaration, seen, file)
    return _classifier(module, declaration, seen, architecture, load_class_names(file), torch.channels_last, file_hash)


def _read(file: Path, key: str | None = None) -> tuple[State, str]:
    """The tensors in a file of weights, and its SHA-256; one that is being written is refused."""
    begun = _stamp(file)
    state = load_weights(file, key)
    with file.open("rb") as content:
        file_hash = hashlib.file_digest(content, "sha256").hexdigest()
    if _stamp(file) != begun:
        raise RobustnessError(f"{file}: changed while it was read; run again once it is written")
    return state, file_hash if key is None else f"{file_hash} {key}"


def _stamp(file: Path) -> tuple[int, ...] | None:
    """What changes when a file is written or replaced."""
    try:
        status = file.stat()
    except OSError:  # reading it says why
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _classifier(
    module: nn.Module,
    declaration: ModelDeclaration,
    seen: Preprocessing,
    architecture: str | None = None,
    class_names: tuple[str, ...] | None = None,
    layout: torch.memory_format = torch.contiguous_format,
    file_hash: str | None = None,
) -> Classifier:
    return Classifier(
        declaration.name,
        module if architecture is None else place(module, best_device(), layout),  # built here, so nobody else holds it
        seen.fit,
        seen.mean,
        seen.std,
        architecture,
        class_names,
        declaration.precision,
        layout,
        output=Output(declaration.output, declaration.threshold),
        file_hash=file_hash,
    )


def _check_card(declaration: ModelDeclaration, seen: Preprocessing, file: Path) -> None:
    """Weights see what they were trained on: a card that names another normalisation is an error, not a worse accuracy."""
    card = load_card(file)
    for name, declared in (("mean", seen.mean), ("std", seen.std)):
        trained = card.get(name, list(declared))
        if list(declared) != trained:
            raise RobustnessError(
                f"model {declaration.name}: {file} was trained with {name} = {trained}, as its card says; declare it so, not "
                f"{list(declared)}"
            )


def weights_file(declaration: ModelDeclaration, base: Path) -> Path:
    """The file of the weights that a declaration names; a `RobustnessError` where there is none."""
    shipped = shipped_weights(declaration.load)
    if declaration.weights is None:
        some = f"a file or one of: {', '.join(shipped)}" if shipped else "a safetensors file, or one that torch.save wrote"
        raise RobustnessError(f"model {declaration.name}: name its weights, {some}")
    if declaration.weights in shipped:
        return shipped[declaration.weights]
    file = path_from(base, declaration.weights)
    if not file.exists():
        raise MissingWeightsError(
            f"model {declaration.name}: no weights {declaration.weights!r}, neither the file {file} nor a shipped set "
            f"({nearest(declaration.weights, shipped)})"
        )
    return file


def _load_state(module: nn.Module, state: State, declaration: ModelDeclaration, file: Path) -> None:
    plain = getattr(module, "_orig_mod", module)  # inside of what torch.compile gives
    with _fitting(declaration):
        state = for_network(state, plain.state_dict(), file)
        check_types(plain, state)
        plain.load_state_dict(state)


@contextmanager
def _fitting(declaration: ModelDeclaration) -> Iterator[None]:
    """Weights that do not fit inside are an error that names them."""
    try:
        yield
    except (RobustnessError, RuntimeError) as error:
        raise RobustnessError(
            f"model {declaration.name}: the weights {declaration.weights} do not fit ({in_one_line(error)})"
        ) from error
