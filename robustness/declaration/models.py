"""The `[models.NAME]` of a thresholds file."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from robustness.declaration.problems import Problems
from robustness.declaration.tables import ModelTable
from robustness.errors import nearest
from robustness.models.declaration import BUILT_IN, REFERENCES, ModelDeclaration

RESERVED = {
    *("accuracy", "test_set", "robustness_gate", "robustness_thresholds", "robustness_threads"),
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
        declaration = ModelDeclaration(name=name, **model.model_dump(exclude_none=True))
        if declaration.fixture in RESERVED:
            problems.add(("models", name), f"pytest has a fixture {declaration.fixture!r} already: name the model otherwise")
        if other := fixtures.get(declaration.fixture):
            problems.add(("models", name), f"the fixture {declaration.fixture} already stands for {other!r}")
        fixtures[declaration.fixture] = name
        yield name, declaration


def _check(name: str, model: ModelTable, problems: Problems) -> None:
    path = ("models", name, "load")
    if model.load in BUILT_IN:
        if model.weights is None:
            problems.add(path, f'{model.load} needs weights, for example weights = "signs"')
    elif model.load == "fixture" or model.load.startswith(("python:", "torchvision:", "timm:", "exported:", "onnx:")):
        if model.load.startswith(("torchvision:", "timm:")) and model.weights is None:
            problems.add(path, "needs weights: a safetensors file, or a state dict that torch.save wrote (.pt, .pth)")
        if model.load.startswith(("exported:", "onnx:")) and model.weights is not None:
            problems.add((*path[:-1], "weights"), "the file has its weights inside; name no others")
        if model.size is None:
            problems.add(path, "a model of your own needs the size of its input, for example size = 40")
        if model.fit is None:
            problems.add(path, 'say how images come to that size: fit = "resize", or "crop-or-pad", which never resizes')
    else:
        problems.add(path, f"unknown model {model.load!r}: {nearest(model.load, REFERENCES)}")
    if min(model.std) <= 0:
        problems.add(("models", name, "std"), "is divided by, and lies above 0")
