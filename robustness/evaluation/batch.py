"""From images to predictions, in batches of one fixed size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from robustness.data import Fit, ImageSet, fit_images
from robustness.errors import RobustnessError, described
from robustness.models.classifier import Classifier, to_tensor
from robustness.noise import Noise, apply

Places = npt.NDArray[np.int64]

BATCH = 256
"""Fixed, and the last batch is padded to it: float32 logits move by about 1e-5 with the batch size."""


@lru_cache(maxsize=1)
def fitted(image_set: ImageSet, fit: Fit) -> npt.NDArray[np.uint8]:
    """The images at the network's size, uint8 of shape (N, size, size, 3); kept from case to case, a gate measures many."""
    return fit_images(image_set, fit)


def noisy_batch(classifier: Classifier, image_set: ImageSet, places: Places, noise: Noise, seed: int) -> torch.Tensor:
    """The images at those places under the noise, as the network takes them: uint8 of shape (N, 3, size, size)."""
    clean = to_tensor(fitted(image_set, classifier.fit)[places]).to(classifier.device)
    return apply(noise, clean, image_set.index[places], seed, torch.get_num_threads())


def predict(
    classifier: Classifier, image_set: ImageSet, batch: torch.Tensor
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Predicted classes and margins of at most `BATCH` images; a `RobustnessError` says what is wrong with the logits."""
    classifier.module.eval()
    logits = checked(raw_logits(classifier, padded(batch)), len(batch), classifier, image_set)
    top = logits.topk(2, dim=1)
    return top.indices[:, 0].to(torch.int16).numpy(), (top.values[:, 0] - top.values[:, 1]).numpy()


def predict_at_levels(
    classifier: Classifier,
    image_set: ImageSet,
    places: Places,
    levels: Places,
    noisy: Callable[[Places, int], torch.Tensor],
) -> Iterator[tuple[Places, npt.NDArray[np.int16]]]:
    """Predicted classes of the images at those places, each under the noise of its level; images of all levels share batches.

    noisy: images at places under the noise of one level, uint8 of shape (N, 3, size, size). Yields, batch by batch, which of
    `places` it held and their classes.
    """
    by_level = np.argsort(levels, kind="stable")  # few levels meet in one batch
    for start in range(0, len(places), BATCH):
        batch = by_level[start : start + BATCH]
        parts = np.split(batch, np.flatnonzero(np.diff(levels[batch])) + 1)
        images = [noisy(places[part], int(levels[part[0]])) for part in parts]
        yield batch, predict(classifier, image_set, torch.cat(images))[0]


def padded(batch: torch.Tensor) -> torch.Tensor:
    """The batch filled up with black images to its fixed size."""
    if len(batch) == BATCH:
        return batch
    full = torch.zeros((BATCH, *batch.shape[1:]), dtype=batch.dtype, device=batch.device)
    full = full.contiguous(memory_format=torch.channels_last)
    full[: len(batch)] = batch
    return full


def raw_logits(classifier: Classifier, batch: torch.Tensor) -> torch.Tensor:
    try:
        return classifier.logits(batch)
    except Exception as error:  # the user's module may raise anything
        raise RobustnessError(
            f"{classifier.name} raised {described(error)} on float32 images of shape {tuple(batch.shape)}; "
            f"is its size {classifier.fit.size}?"
        ) from error


def checked(logits: torch.Tensor, count: int, classifier: Classifier, image_set: ImageSet) -> torch.Tensor:
    """The logits of the batch's first `count` images, the others being padding, once they are what logits have to be."""
    classes = len(image_set.class_names)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != BATCH or logits.shape[1] < 2:
        shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise RobustnessError(f"{classifier.name} gave {shape} for a batch of {BATCH}, not logits of shape (N, classes)")
    if logits.shape[1] != classes:
        raise RobustnessError(f"{classifier.name} tells {logits.shape[1]} classes apart, {image_set.name} has {classes}")
    logits = logits[:count].float().cpu()
    if not torch.isfinite(logits).all():
        bad = int((~torch.isfinite(logits)).any(dim=1).sum())
        raise RobustnessError(
            f"{classifier.name} gave NaN or infinite logits for {bad} of {count} images of a batch; nothing was measured"
        )
    return logits


def check_classes(classifier: Classifier, image_set: ImageSet) -> None:
    """A model trained on other classes, or on the same ones in another order, gives accuracies that mean nothing."""
    if classifier.class_names is None or classifier.class_names == image_set.class_names:
        return
    pairs = zip(classifier.class_names, image_set.class_names, strict=False)
    first = next(
        (f"class {n} is {ours!r} there and {theirs!r} here" for n, (ours, theirs) in enumerate(pairs) if ours != theirs), ""
    )
    raise RobustnessError(
        f"{classifier.name} was trained on {len(classifier.class_names)} classes that are not the {len(image_set.class_names)} "
        f"of {image_set.name}{': ' + first if first else ''}"
    )
