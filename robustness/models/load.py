"""From a declaration to a classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import nn

from robustness.data.fit import Fit
from robustness.errors import RobustnessError, nearest
from robustness.factory import call_factory
from robustness.models.checkpoint import State, load_class_names, load_weights
from robustness.models.classifier import Classifier
from robustness.models.declaration import BUILT_IN, REFERENCES, ModelDeclaration, shipped_weights
from robustness.models.exported import load_exported
from robustness.models.networks import DEFAULT_SIZE, NETWORKS, classes_in
from robustness.models.torchvision_networks import build_torchvision


def load_classifier(declaration: ModelDeclaration, base: Path | None = None) -> Classifier:
    """The classifier a declaration names; relative paths and modules start from `base`, by default the current folder."""
    base = base or Path.cwd()
    if declaration.load in BUILT_IN:
        return _load_built_in(declaration, base)
    if declaration.load.startswith("python:"):
        return wrap_module(call_factory(declaration.load.removeprefix("python:"), base), declaration, base)
    if declaration.load.startswith("torchvision:"):
        return _load_torchvision(declaration, base)
    if declaration.load.startswith("exported:"):
        return _load_exported(declaration, base)
    if declaration.load == "fixture":
        raise RobustnessError(
            f'model {declaration.name}: load = "fixture" needs a pytest fixture {declaration.fixture!r} in conftest.py, '
            "and only tests can measure it, as `robustness gate` does"
        )
    raise RobustnessError(
        f"model {declaration.name}: unknown load {declaration.load!r}: {nearest(declaration.load, REFERENCES)}"
    )


def wrap_module(module: object, declaration: ModelDeclaration, base: Path) -> Classifier:
    """A user's own module as the declaration describes it. Its code cannot be hashed, so its results serve one run."""
    if isinstance(module, Classifier):
        declared = (Fit(declaration.size or module.fit.size, declaration.fit), declaration.mean, declaration.std)
        if declaration.weights or declared != (module.fit, module.mean, module.std):
            raise RobustnessError(
                f"model {declaration.name}: {declaration.load} gave a Classifier with preprocessing of its own, {module.fit}; "
                "declare the same size, fit, mean and std, and no weights"
            )
        if module.architecture is None:
            return module
        return replace(module, architecture=None)  # the user's code may have changed it: no name stands for it any more
    if not isinstance(module, nn.Module):
        raise RobustnessError(f"model {declaration.name}: {declaration.load} gave {type(module).__name__}, not an nn.Module")
    size = _declared_size(declaration)
    if declaration.weights:
        _load_state(module, load_weights(_weights_file(declaration, base)), declaration)
    return _classifier(module, declaration, size)


def _load_built_in(declaration: ModelDeclaration, base: Path) -> Classifier:
    file = _weights_file(declaration, base)
    state = load_weights(file)
    classes = classes_in(declaration.load, state)
    if classes is None:
        raise RobustnessError(f"model {declaration.name}: {file} holds no weights of {declaration.load}")
    size = declaration.size or DEFAULT_SIZE
    module = NETWORKS[declaration.load](classes, size)
    _load_state(module, state, declaration)
    return _classifier(module, declaration, size, declaration.load, load_class_names(file))


def _load_exported(declaration: ModelDeclaration, base: Path) -> Classifier:
    size = _declared_size(declaration)
    if declaration.weights is not None:
        raise RobustnessError(f"model {declaration.name}: an exported program has its weights inside; name no others")
    try:
        module, architecture = load_exported(base / Path(declaration.load.removeprefix("exported:")).expanduser())
    except RobustnessError as error:
        raise RobustnessError(f"model {declaration.name}: {error}") from error
    return _classifier(module, declaration, size, architecture)


def _declared_size(declaration: ModelDeclaration) -> int:
    if declaration.size is None:
        raise RobustnessError(f"model {declaration.name}: say which input it takes, for example size = 40")
    return declaration.size


def _load_torchvision(declaration: ModelDeclaration, base: Path) -> Classifier:
    size = _declared_size(declaration)
    file = _weights_file(declaration, base)
    name = declaration.load.removeprefix("torchvision:")
    try:
        module, architecture = build_torchvision(name, load_weights(file), size)
    except (RobustnessError, RuntimeError) as error:  # torch says which weights do not fit
        raise RobustnessError(f"model {declaration.name}: {file}: {error}") from error
    return _classifier(module, declaration, size, architecture, load_class_names(file))


def _classifier(
    module: nn.Module,
    declaration: ModelDeclaration,
    size: int,
    architecture: str | None = None,
    class_names: tuple[str, ...] | None = None,
) -> Classifier:
    fit = Fit(size, declaration.fit)
    return Classifier(declaration.name, module, fit, declaration.mean, declaration.std, architecture, class_names)


def _weights_file(declaration: ModelDeclaration, base: Path) -> Path:
    shipped = shipped_weights(declaration.load)
    if declaration.weights is None:
        some = f"a file or one of: {', '.join(shipped)}" if shipped else "a safetensors file or a state dict (.pt, .pth)"
        raise RobustnessError(f"model {declaration.name}: name its weights, {some}")
    if declaration.weights in shipped:
        return shipped[declaration.weights]
    file = base / Path(declaration.weights).expanduser()
    if not file.exists():
        raise RobustnessError(
            f"model {declaration.name}: no weights {declaration.weights!r}, neither the file {file} nor a shipped set "
            f"({nearest(declaration.weights, shipped)})"
        )
    return file


def _load_state(module: nn.Module, state: State, declaration: ModelDeclaration) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise RobustnessError(f"model {declaration.name}: the weights {declaration.weights} do not fit ({error})") from error
