"""Train a network: seeded, resumable after any epoch, the last epoch is the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR
from tqdm import tqdm

from robustness.data import ImageSet, Preparation, fit_images
from robustness.errors import RobustnessError
from robustness.models.classifier import Classifier, to_tensor
from robustness.training.batches import Batches
from robustness.training.mix import Mix
from robustness.training.noise import add_drawn_noise
from robustness.training.recipes import Recipe
from robustness.training.resume import Parts, restore_state, save_state
from robustness.training.split import split_by_track

EVALUATION_BATCH = 256


@dataclass
class Progress:
    """What an interrupted training needs to go on, and what it has reached: one entry per epoch.

    noisy: of the same images with noise that the recipe draws; empty for a recipe without.
    """

    losses: list[float] = field(default_factory=list)
    validation_accuracies: list[float | None] = field(default_factory=list)
    noisy_validation_accuracies: list[float | None] = field(default_factory=list)

    def line(self, epochs: int) -> str:
        validation = self.validation_accuracies[-1]
        reached = "no validation images" if validation is None else f"validation accuracy {validation:.4f}"
        if self.noisy_validation_accuracies and self.noisy_validation_accuracies[-1] is not None:
            reached += f", under noise {self.noisy_validation_accuracies[-1]:.4f}"
        return f"epoch {len(self.losses)}/{epochs}: loss {self.losses[-1]:.4f}, {reached}"


def train(
    classifier: Classifier, image_set: ImageSet, recipe: Recipe, seed: int, resume: Path, mix: Mix | None = None
) -> Progress:
    """Train the classifier's module in place; weights that ask for no gradient stay as they are.

    mix: what takes the place of half of the images, if anything.
    resume: a file written after every epoch; training continues from it when it belongs to the same run, and comes to the
    same weights on the same machine, since every epoch draws from its own generator, seeded by (seed, epoch).
    """
    training, validation = split_by_track(image_set, recipe.validation_share, seed)
    held_out = image_set.take(validation) if len(validation) else None
    noisy = _with_noise(held_out, classifier.fit, seed) if held_out and recipe.augmentation == "harden" else None
    weights = [weight for weight in classifier.module.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = _schedule(optimizer, recipe, len(training))
    learning = [name for name, weight in classifier.module.named_parameters() if weight.requires_grad]
    seen = [str(classifier.fit), *classifier.mean, *classifier.std]
    run = {"recipe": asdict(recipe), "seed": seed, "data": image_set.content_hash, "seen": seen, "learning": learning}
    if mix is not None:
        run["mix"] = mix.told
    parts: Parts = {"module": classifier.module, "optimizer": optimizer, "schedule": schedule}
    progress = Progress(**restore_state(resume, run, parts))
    if progress.losses:
        tqdm.write(f"{resume}: going on after epoch {len(progress.losses)}")
    for epoch in range(len(progress.losses), recipe.epochs):
        batches = Batches(image_set, classifier.fit, training, recipe, np.random.SeedSequence([seed, epoch]), mix)
        loss = _train_epoch(classifier, optimizer, schedule, batches, f"epoch {epoch + 1}/{recipe.epochs}")
        classifier.module.eval()
        _check_finite(classifier, image_set.take(training[:EVALUATION_BATCH]))
        progress.losses.append(loss)
        progress.validation_accuracies.append(None if held_out is None else accuracy(classifier, held_out))
        if noisy:
            progress.noisy_validation_accuracies.append(accuracy(classifier, noisy))
        tqdm.write(progress.line(recipe.epochs))
        save_state(resume, run, parts, asdict(progress))
    return progress


def _schedule(optimizer: torch.optim.Optimizer, recipe: Recipe, images: int) -> LRScheduler:
    if recipe.one_cycle:
        steps = recipe.epochs * -(-images // recipe.batch_size)
        return OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    return ConstantLR(optimizer, factor=1)


def _with_noise(image_set: ImageSet, fit: Preparation, seed: int) -> ImageSet:
    """The images as the network sees them with noise drawn once, the same in every epoch."""
    images = add_drawn_noise(to_tensor(fit_images(image_set, fit)), np.random.default_rng(seed)).permute(0, 2, 3, 1).numpy()
    return ImageSet.from_images("held out, under noise", images, image_set.labels.tolist(), image_set.class_names)


def _train_epoch(
    classifier: Classifier, optimizer: torch.optim.Optimizer, schedule: LRScheduler, batches: Batches, title: str
) -> float:
    _to_training_mode(classifier.module)
    recipe, device = batches.recipe, classifier.device
    total, count = 0.0, 0
    bar = tqdm(batches, title, len(batches), unit="batch", disable=None)
    for images, labels in bar:
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bfloat16):
            logits = classifier.module(classifier.normalised(images))
        loss = nn.functional.cross_entropy(logits.float(), labels.to(device), label_smoothing=recipe.label_smoothing)
        if not torch.isfinite(loss):
            raise RobustnessError(f"the loss became {loss.item()} in {title}; a smaller learning rate usually helps")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        total, count = total + loss.item() * len(labels), count + len(labels)
        bar.set_postfix(loss=f"{total / count:.4f}", refresh=False)
    return total / count


def _to_training_mode(module: nn.Module) -> None:
    """All but the parts whose weights are frozen: batch normalisation would go on to change their statistics."""
    module.train()
    for part in module.modules():
        weights = list(part.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            part.eval()


def _check_finite(classifier: Classifier, image_set: ImageSet) -> None:
    """The loss is taken before a step, so the last step of an epoch could leave weights that no loss has seen."""
    if not torch.isfinite(classifier.logits(to_tensor(fit_images(image_set, classifier.fit)))).all():
        raise RobustnessError(
            "training diverged: the network gives NaN or infinite logits; a smaller learning rate usually helps"
        )


def accuracy(classifier: Classifier, image_set: ImageSet) -> float:
    """The share of a set's images that the classifier names right."""
    images = fit_images(image_set, classifier.fit)
    right = 0
    for start in range(0, len(images), EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        right += int((classifier.logits(to_tensor(images[part])).argmax(1).cpu().numpy() == image_set.labels[part]).sum())
    return right / len(images)
