"""Train a network: seeded, resumable after any epoch, the last epoch is the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, LRScheduler, OneCycleLR
from tqdm import tqdm

from robustness.data import ImageSet, Preparation, fit_images
from robustness.errors import RobustnessError, described
from robustness.models.classifier import Classifier, to_tensor
from robustness.training.batches import Batch, Batches
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
    classifier: Classifier,
    image_set: ImageSet,
    recipe: Recipe,
    seed: int,
    resume: Path,
    mix: Mix | None = None,
    about: Mapping[str, object] | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Progress:
    """Train the classifier's module in place; weights that ask for no gradient stay as they are.

    mix: what takes the place of half of the images, if anything.
    resume: a file written after every epoch; training continues from it when it belongs to the same run, and comes to the
    same weights on the same machine, since every epoch draws from its own generator, seeded by (seed, epoch). At a rate that
    is the same throughout, one that has ended goes on when it is asked for more epochs.
    about: what else tells this training from others, in plain values.
    enough: asked after each epoch, and when a training goes on; true ends it before the recipe does.
    """
    training, validation = split_by_track(image_set, recipe.validation_share, seed)
    held_out = image_set.take(validation) if len(validation) else None
    noisy = _with_noise(held_out, classifier.fit, seed) if held_out and recipe.augmentation == "harden" else None
    weights = [weight for weight in classifier.module.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = _schedule(optimizer, recipe, len(training))
    learning = [name for name, weight in classifier.module.named_parameters() if weight.requires_grad]
    seen = [str(classifier.fit), *classifier.mean, *classifier.std]
    told = {name: value for name, value in asdict(recipe).items() if name != "epochs" or recipe.one_cycle}
    run = {"recipe": told, "seed": seed, "data": image_set.content_hash, "seen": seen, "learning": learning, **(about or {})}
    if mix is not None:
        run["mix"] = mix.told
    parts: Parts = {"module": classifier.module, "optimizer": optimizer, "schedule": schedule}
    progress = Progress(**restore_state(resume, run, parts))
    if (done := len(progress.losses)) > recipe.epochs:
        raise RobustnessError(f"{resume}: {done} epochs are done already; ask for as many or more, or name another --out")
    if done:
        tqdm.write(f"{resume}: going on after epoch {done}")
    for epoch in range(done, recipe.epochs):
        if epoch and enough():
            break
        batches = Batches(image_set, classifier.fit, training, recipe, np.random.SeedSequence([seed, epoch]), mix)
        title = f"epoch {epoch + 1}/{recipe.epochs}"
        loss = _train_epoch(classifier, optimizer, schedule, batches, image_set.class_names, title)
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
    classifier: Classifier,
    optimizer: torch.optim.Optimizer,
    schedule: LRScheduler,
    batches: Batches,
    class_names: Sequence[str],
    title: str,
) -> float:
    _to_training_mode(classifier.module)
    total, count = 0.0, 0
    bar = tqdm(batches, title, len(batches), unit="batch", disable=None)
    for images, labels in bar:
        loss = _loss(classifier, (images, labels), batches.recipe, class_names)
        if not torch.isfinite(loss):
            raise RobustnessError(f"the loss became {loss.item()} in {title}; a smaller learning rate usually helps")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        total, count = total + loss.item() * len(labels), count + len(labels)
        bar.set_postfix(loss=f"{total / count:.4f}", refresh=False)
    return total / count


def _loss(classifier: Classifier, batch: Batch, recipe: Recipe, class_names: Sequence[str]) -> torch.Tensor:
    """Cross-entropy of what the module gives, which may be a user's own."""
    images, labels = batch
    try:
        with torch.autocast(classifier.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            answer = classifier.module(classifier.normalised(images))
    except Exception as error:  # the user's module may raise anything
        raise RobustnessError(f"{classifier.name} raised {described(error)} as it was trained") from error
    logits = classifier.output.logits(answer, classifier.name, len(images)).float()
    if not logits.requires_grad:
        raise RobustnessError(
            f"{classifier.name} gives logits without a gradient, so nothing trains it: take no_grad out of it"
        )
    if (class_map := classifier.class_map) is not None:
        numbers = torch.tensor(class_map.numbers(class_names))
        labels = numbers[labels]
        if not class_map.open:  # these classes alone compete
            others = torch.ones(logits.shape[1], dtype=torch.bool)
            others[numbers] = False
            logits = logits.masked_fill(others.to(logits.device), -torch.inf)
    return nn.functional.cross_entropy(logits, labels.to(logits.device), label_smoothing=recipe.label_smoothing)


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
        logits = classifier.logits(to_tensor(images[part])).cpu()
        if classifier.class_map is not None:
            logits = classifier.class_map.apply(logits, image_set.class_names)
        right += int((logits.argmax(1).numpy() == image_set.labels[part]).sum())
    return right / len(images)
