"""From a network's name and an image set to a checkpoint with its card."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from robustness.data import ImageSet, Preparation
from robustness.models.checkpoint import save_checkpoint, versions
from robustness.training.fit import Progress, accuracy, train
from robustness.training.head import fit_head
from robustness.training.mix import Mix
from robustness.training.recipes import Recipe
from robustness.training.split import split_by_track
from robustness.training.start import freeze_all_but, last_blocks, start


def train_network(
    network: str,
    image_set: ImageSet,
    test_set: ImageSet | None,
    fit: Preparation,
    recipe: Recipe,
    seed: int,
    out: Path,
    command: str,
    pretrained: str | None = None,
    fine_tune: int | None = 0,
    mix: Mix | None = None,
) -> dict[str, Any]:
    """Train a network and write `out` (safetensors) with its card, which is returned.

    network, pretrained: see `start`. With a pre-trained trunk the last layer is fitted first, by logistic regression over what
    the trunk makes of the images; then the recipe trains the last `fine_tune` blocks too, or all of it for None.
    mix: what takes the place of half of the images in every epoch, if anything.
    test_set: measured once, after the last epoch, for the card; it chooses nothing.
    """
    torch.manual_seed(seed)
    begun = start(network, len(image_set.class_names), fit, pretrained)
    classifier = begun.classifier
    resume = out.with_suffix(".resume")
    if not begun.pretrained:
        progress = train(classifier, image_set, recipe, seed, resume, mix)
    else:
        training, validation = split_by_track(image_set, recipe.validation_share, seed)
        head_accuracy = fit_head(classifier, begun.head, image_set, training, validation)
        progress = Progress(validation_accuracies=[head_accuracy])
        if fine_tune != 0:
            freeze_all_but(classifier.module, last_blocks(classifier.module, begun.head, fine_tune))
            progress = train(classifier, image_set, recipe, seed, resume, mix)
    card: dict[str, Any] = {
        "network": network,
        "parameters": sum(parameter.numel() for parameter in classifier.module.parameters()),
        "start": begun.origin,
        **({"trained": _trained(fine_tune)} if begun.pretrained else {}),
        "data": image_set.name,
        "data_hash": image_set.content_hash,
        "images": len(image_set),
        "fit": {"size": fit.size, "kind": fit.kind},
        "mean": list(classifier.mean),
        "std": list(classifier.std),
        "recipe": asdict(recipe) if progress.losses else None,
        **({} if mix is None else {"mix": mix.told}),
        "seed": seed,
        "command": command,
        **asdict(progress),
        "test_accuracy": None if test_set is None else accuracy(classifier, test_set),
        "test_data_hash": None if test_set is None else test_set.content_hash,
        "class_names": list(image_set.class_names),
        "versions": versions(),
    }
    save_checkpoint(out, classifier.module.state_dict(), card)
    resume.unlink(missing_ok=True)
    return card


def _trained(fine_tune: int | None) -> str:
    if fine_tune == 0:
        return "the last layer, on the frozen rest"
    blocks = "block" if fine_tune == 1 else f"{fine_tune} blocks"
    return "all layers" if fine_tune is None else f"the last {blocks} and the last layer, on the frozen rest"
