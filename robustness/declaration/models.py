"""The `[models.NAME]` of a thresholds file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from robustness.data.preparation import ON_TENSORS
from robustness.declaration.places import KeyPath
from robustness.declaration.problems import Problems
from robustness.declaration.tables import ModelTable, PrepareTable
from robustness.errors import nearest
from robustness.models.declaration import BUILT_IN, IN_FILES, PREPARE, ModelDeclaration, Steps, meant_by

RESERVED = {
    *("accuracy", "predictions", "test_set", "robustness_gate", "robustness_thresholds", "robustness_threads"),
    *("request", "cache", "capsys", "caplog", "monkeypatch", "pytestconfig", "recwarn", "tmp_path", "tmp_path_factory"),
}
"""Fixtures that a model's own, of the same name, would take the place of."""


def read_models(tables: object, problems: Problems) -> Iterator[tuple[str, ModelDeclaration]]:
    """By name; one that is not well formed is given too, so that limits on it are not reported as unknown."""
    fixtures: dict[str, str] = {}
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        try:
            model = ModelTable.model_validate(table)
        except ValidationError:
            yield name, ModelDeclaration(name, "")
            continue
        _check(name, model, problems)
        declaration = declared(name, model)
        if declaration.fixture in RESERVED:
            problems.add(("models", name), f"pytest has a fixture {declaration.fixture!r} already: name the model otherwise")
        if other := fixtures.get(declaration.fixture):
            problems.add(("models", name), f"the fixture {declaration.fixture} already stands for {other!r}")
        fixtures[declaration.fixture] = name
        yield name, declaration


def declared(name: str, model: ModelTable) -> ModelDeclaration:
    """The declaration that a table stands for."""
    keys = model.model_dump(exclude_none=True)
    steps = model.prepare
    if isinstance(steps, PrepareTable):
        written = steps.model_dump(exclude_none=True)
        keys["channels"] = written.pop("channels", keys.get("channels", 3))
        if (size := written.pop("size", None)) is not None:
            written["resize"] = size if isinstance(size, list) else [size, size]
        keys["prepare"] = Steps(**{key: _frozen(value) for key, value in written.items()})
    channels = keys.get("channels", 3)
    keys = {"mean": (0.0,) * channels, "std": (1.0,) * channels, **keys}
    return ModelDeclaration(name=name, **{key: _frozen(value) for key, value in keys.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_preparation(name: str, model: ModelTable, problems: Problems) -> None:
    path, steps = ("models", name), model.prepare
    if isinstance(steps, str):
        if steps != "done" and (steps.partition(":")[0] not in PREPARE):
            problems.add((*path, "prepare"), f"{steps!r} is unknown: {nearest(steps, [*PREPARE, 'done'])}")
        if steps == "done" and model.size is None:
            problems.add((*path, "prepare"), "say which size its images have already, for example size = 224")
        for key in ("size", "channels", "mean", "std") if steps != "done" else ():
            if getattr(model, key) is not None:
                problems.add((*path, key), f"comes with prepare = {steps!r}: leave it out")
        if model.fit is not None:
            problems.add((*path, "fit"), f"prepare = {steps!r} says how images come to the network: leave it out")
        return
    channels = model.channels or 3
    if isinstance(steps, PrepareTable):
        channels = _check_steps(path, model, steps, problems)
    for key in ("mean", "std"):
        values = getattr(model, key)
        if values is not None and len(values) != channels:
            problems.add((*path, key), f"has {len(values)} values, and there are {channels} channels: give one for each")


def _check_steps(path: KeyPath, model: ModelTable, steps: PrepareTable, problems: Problems) -> int:
    """How many channels there are, once what does not go together is said."""
    sized = [key for key in ("resize", "crop", "size") if getattr(steps, key) is not None]
    if steps.crop is None and isinstance(steps.resize, int):
        say = f"crop = {steps.resize}, or resize = [{steps.resize}, {steps.resize}], which does not keep it"
        problems.add(
            (*path, "prepare"), f"resize = {steps.resize} keeps the aspect ratio, so images have many shapes: add {say}"
        )
    if sized and model.fit is not None:
        problems.add((*path, "fit"), f"prepare has {sized[0]} already: leave one of them out")
    if sized and model.size is not None:
        problems.add((*path, "size"), f"prepare has {sized[0]} already: leave one of them out")
    if "size" in sized and "resize" in sized:
        problems.add((*path, "prepare"), "size is resize to both sides: leave one of them out")
    if model.channels is not None and steps.channels not in (None, model.channels):
        problems.add((*path, "channels"), f"prepare says {steps.channels}: leave one of them out")
    if steps.antialias == "torchvision" and steps.interpolation not in (None, *ON_TENSORS):
        problems.add(
            (*path, "prepare"), f"torchvision does not resize tensors by {steps.interpolation}: {', '.join(ON_TENSORS)}"
        )
    return steps.channels or model.channels or 3


def _check(name: str, model: ModelTable, problems: Problems) -> None:
    path = ("models", name, "load")
    if model.load in BUILT_IN:
        if model.weights is None:
            problems.add(path, f'{model.load} needs weights, for example weights = "signs"')
    elif model.load == "fixture" or model.load.startswith(("python:", "torchvision:", "timm:", *IN_FILES)):
        if model.load.startswith(("torchvision:", "timm:")) and model.weights is None:
            problems.add(path, "needs weights: a safetensors file, or one that torch.save wrote")
        if model.load.startswith(IN_FILES) and model.weights is not None:
            problems.add((*path[:-1], "weights"), "the file has its weights inside; name no others")
        sized = isinstance(model.prepare, PrepareTable) and (model.prepare.resize or model.prepare.crop or model.prepare.size)
        sized = sized or isinstance(model.prepare, str) or (model.load.startswith("transformers:") and model.size is None)
        if model.size is None and not sized:
            problems.add(path, "a model of your own needs the size of its input, for example size = 40")
        if model.fit is None and not sized:
            problems.add(path, 'say how images come to that size: fit = "resize", or "crop-or-pad", which never resizes')
    else:
        problems.add(path, f"unknown model {model.load!r}: {meant_by(model.load)}")
    _check_preparation(name, model, problems)
    if model.classes is not None and model.outside is None:
        what = 'say what a prediction of another class is: outside = "wrong", or "ignored" to choose among these alone'
        problems.add(("models", name, "classes"), what)
    if model.outside is not None and model.classes is None:
        problems.add(("models", name, "outside"), "goes with classes, which says which logits there are")
    if model.weights_key is not None and model.weights is None:
        problems.add((*path[:-1], "weights_key"), "says which state dict of a file of weights, and no weights are named")
    if model.threshold is not None and model.output in (None, "probabilities"):
        problems.add(
            (*path[:-1], "threshold"), 'is for one number an image: say what that is, output = "logits" or output = "sigmoid"'
        )
    if model.std is not None and min(model.std) <= 0:
        problems.add(("models", name, "std"), "is divided by, and lies above 0")
