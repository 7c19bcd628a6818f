"""From a built-in network's name and an image set to a checkpoint with its card."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict
from pathlib import Path

import torch

from robustness.data import Fit, ImageSet
from robustness.models.checkpoint import save_checkpoint
from robustness.models.classifier import Classifier
from robustness.models.networks import NETWORKS
from robustness.training.fit import accuracy, train
from robustness.training.recipes import Recipe


def train_network(
    network: str,
    image_set: ImageSet,
    test_set: ImageSet | None,
    fit: Fit,
    recipe: Recipe,
    seed: int,
    out: Path,
    command: str,
) -> dict[str, object]:
    """Train a built-in network and write `out` (safetensors) with its card, which is returned.

    test_set: measured once, after the last epoch, for the card; it chooses nothing.
    """
    torch.manual_seed(seed)
    module = NETWORKS[network](len(image_set.class_names), fit.size)
    classifier = Classifier(network, module, fit)
    resume = out.with_suffix(".resume")
    progress = train(classifier, image_set, recipe, seed, resume)
    card: dict[str, object] = {
        "network": network,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "data": image_set.name,
        "data_hash": image_set.content_hash,
        "images": len(image_set),
        "fit": asdict(fit),
        "recipe": asdict(recipe),
        "seed": seed,
        "command": command,
        "losses": progress.losses,
        "validation_accuracies": progress.validation_accuracies,
        "test_accuracy": None if test_set is None else accuracy(classifier, test_set),
        "test_data_hash": None if test_set is None else test_set.content_hash,
        "class_names": list(image_set.class_names),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            **{name: importlib.metadata.version(name) for name in ("pytest-robustness", "torchvision", "numpy")},
        },
    }
    save_checkpoint(out, module.state_dict(), card)
    resume.unlink(missing_ok=True)
    return card
