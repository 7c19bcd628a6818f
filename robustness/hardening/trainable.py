"""Which models a training can change, and put back: what came out is loaded again as the thresholds file will load it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from robustness.errors import RobustnessError
from robustness.models.checkpoint import save_checkpoint
from robustness.models.classifier import Classifier, copied
from robustness.models.declaration import IN_FILES, ModelDeclaration
from robustness.models.load import load_classifier
from robustness.models.state import hash_state


def check_is_trainable(declaration: ModelDeclaration) -> None:
    """A `RobustnessError` says why a model cannot be trained, or its weights cannot be put back."""
    name, load = declaration.name, declaration.load
    if load.startswith(IN_FILES):
        raise RobustnessError(
            f"model {name}: {load} is a finished file, which nothing trains here: declare the torch network that it was made "
            'from, load = "python:package.module:factory", harden that, and export it again'
        )
    if load == "fixture":
        raise RobustnessError(
            f"model {name}: lives in a pytest fixture, which takes no weights from a file: declare what makes it as "
            'load = "python:package.module:factory"'
        )
    if declaration.output in ("probabilities", "sigmoid"):
        raise RobustnessError(
            f'model {name}: gives probabilities (output = "{declaration.output}"), and training takes logits: declare the '
            "network without its last step, which has no weights; the trained ones fit both"
        )


def to_train(classifier: Classifier, declaration: ModelDeclaration, base: Path) -> Classifier:
    """A copy to train, once it is known that its weights can be written and loaded again; else a `RobustnessError`."""
    if not any(weight.requires_grad for weight in classifier.module.parameters()):
        raise RobustnessError(f"model {classifier.name}: has no weights that ask for a gradient, so nothing would change")
    trained = replace(classifier, module=copied(classifier), architecture=None)
    with TemporaryDirectory() as folder:
        again = put_back(trained, declaration, base, Path(folder) / "start.safetensors", {})
    if hash_state(again.module.state_dict()) != hash_state(trained.module.state_dict()):
        raise RobustnessError(
            f"model {classifier.name}: {declaration.load} with its own weights from a file is another network than without: "
            "let it take them as they are"
        )
    return trained


def put_back(trained: Classifier, declaration: ModelDeclaration, base: Path, file: Path, card: dict[str, Any]) -> Classifier:
    """Write the weights and their card, and give the classifier that the declaration makes of them."""
    state: dict[str, Any] = dict(trained.module.state_dict())
    if others := [name for name, value in state.items() if not isinstance(value, torch.Tensor)]:
        raise RobustnessError(
            f"model {trained.name}: {others[0]} in its state dict is no tensor, and safetensors holds nothing else: let it "
            "be made by the factory"
        )
    preprocessing = {"mean": list(trained.mean), "std": list(trained.std)}
    whole = {name: value.clone() for name, value in state.items()}  # no two in the same memory
    save_checkpoint(file, whole, {**preprocessing, **card})
    with_weights = replace(declaration, weights=str(file.absolute()), weights_key=None)
    try:
        return load_classifier(with_weights, base)
    except RobustnessError as error:
        raise RobustnessError(f"its trained weights cannot be put back: {error}") from error
