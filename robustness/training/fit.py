"""Train a network: seeded, resumable after any epoch, the last epoch is the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torchvision.transforms import v2
from tqdm import tqdm

from robustness.atomic import replacing
from robustness.data import Fit, ImageSet, fit_images
from robustness.errors import RobustnessError
from robustness.models.classifier import Classifier, to_tensor
from robustness.training.recipes import Recipe
from robustness.training.split import split_by_track

EVALUATION_BATCH = 256

Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass
class Progress:
    """What an interrupted training needs to go on, and what it has reached: one entry per epoch."""

    losses: list[float] = field(default_factory=list)
    validation_accuracies: list[float | None] = field(default_factory=list)

    def line(self, epochs: int) -> str:
        validation = self.validation_accuracies[-1]
        reached = "no validation images" if validation is None else f"validation accuracy {validation:.4f}"
        return f"epoch {len(self.losses)}/{epochs}: loss {self.losses[-1]:.4f}, {reached}"


def train(module: nn.Module, image_set: ImageSet, fit: Fit, recipe: Recipe, seed: int, resume: Path) -> Progress:
    """Train the module in place.

    resume: a file written after every epoch; training continues from it when it belongs to the same run, and comes to the
    same weights on the same machine, since every epoch draws from its own generator, seeded by (seed, epoch).
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module.to(device)
    optimizer = torch.optim.Adam(module.parameters(), lr=recipe.learning_rate)
    run = {"recipe": asdict(recipe), "seed": seed, "data": image_set.content_hash, "fit": str(fit)}
    progress = _restore(resume, run, module, optimizer)
    training, validation = split_by_track(image_set, recipe.validation_share, seed)
    held_out = image_set.take(validation) if len(validation) else None
    images = fit_images(image_set, fit)
    for epoch in range(len(progress.losses), recipe.epochs):
        batches = _Batches(images, image_set.labels, training, recipe, np.random.SeedSequence([seed, epoch]))
        loss = _train_epoch(module, optimizer, batches, device, f"epoch {epoch + 1}/{recipe.epochs}")
        _check_finite(module, image_set.take(training[:EVALUATION_BATCH]), fit)
        progress.losses.append(loss)
        progress.validation_accuracies.append(None if held_out is None else accuracy(module, held_out, fit))
        tqdm.write(progress.line(recipe.epochs))
        _save(resume, run, module, optimizer, progress)
    return progress


def _train_epoch(
    module: nn.Module, optimizer: torch.optim.Optimizer, batches: _Batches, device: torch.device, title: str
) -> float:
    module.train()
    total, count = 0.0, 0
    bar = tqdm(batches, title, len(batches), unit="batch", disable=None)
    for images, labels in bar:
        loss = nn.functional.cross_entropy(module(images.to(device)), labels.to(device))
        if not torch.isfinite(loss):
            raise RobustnessError(f"the loss became {loss.item()} in {title}; a smaller learning rate usually helps")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total, count = total + loss.item() * len(labels), count + len(labels)
        bar.set_postfix(loss=f"{total / count:.4f}", refresh=False)
    return total / count


class _Batches:
    """One epoch's batches, in an order and with augmentations that its seed fixes."""

    def __init__(
        self,
        images: npt.NDArray[np.uint8],
        labels: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
        recipe: Recipe,
        seed: np.random.SeedSequence,
    ) -> None:
        order_seed, augment_seed = seed.generate_state(2)
        generator = np.random.default_rng(order_seed)
        self.images, self.labels, self.recipe, self.augment_seed = images, labels, recipe, int(augment_seed)
        self.order = generator.permutation(places)
        if recipe.augment:
            weights = 1 / np.bincount(labels[places])[labels[places]]
            self.order = generator.choice(places, size=len(places), p=weights / weights.sum())

    def __len__(self) -> int:
        return -(-len(self.order) // self.recipe.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        torch.manual_seed(self.augment_seed)  # torchvision's transforms draw from the global generator
        for start in range(0, len(self.order), self.recipe.batch_size):
            places = self.order[start : start + self.recipe.batch_size]
            images = torch.from_numpy(self.images[places]).permute(0, 3, 1, 2)
            if self.recipe.augment:
                images = torch.stack([AUGMENTATION(image) for image in images])
            yield images.float() / 255, torch.from_numpy(self.labels[places])


AUGMENTATION = v2.Compose(
    [v2.RandomRotation(40.0), v2.ColorJitter(contrast=0.6), v2.RandomHorizontalFlip(), v2.RandomVerticalFlip()]
)


def _check_finite(module: nn.Module, image_set: ImageSet, fit: Fit) -> None:
    """The loss is taken before a step, so the last step of an epoch could leave weights that no loss has seen."""
    if not torch.isfinite(Classifier("in training", module, fit).logits(to_tensor(fit_images(image_set, fit)))).all():
        raise RobustnessError(
            "training diverged: the network gives NaN or infinite logits; a smaller learning rate usually helps"
        )


def accuracy(module: nn.Module, image_set: ImageSet, fit: Fit) -> float:
    """The share of a set's images that the module names right."""
    classifier, images = Classifier("in training", module, fit), fit_images(image_set, fit)
    right = 0
    for start in range(0, len(images), EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        right += int((classifier.logits(to_tensor(images[part])).argmax(1).cpu().numpy() == image_set.labels[part]).sum())
    return right / len(images)


def _save(path: Path, run: dict[str, object], module: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    state = {"run": run, "module": module.state_dict(), "optimizer": optimizer.state_dict(), "progress": asdict(progress)}
    with replacing(path) as partial:
        torch.save(state, partial)


def _restore(path: Path, run: dict[str, object], module: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    if not path.exists():
        return Progress()
    try:
        state = torch.load(path, weights_only=True)
        left_by = state["run"]
    except Exception as error:  # torch.load raises anything on a file that is not its own
        raise RobustnessError(f"{path}: not a training to resume ({error}); delete it to begin anew") from error
    if left_by != run:
        raise RobustnessError(f"{path}: left by another training (other data, recipe or seed); delete it or name another --out")
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])
