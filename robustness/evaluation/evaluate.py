"""From a case to its predictions: images, then noise, then the network, in fixed batches of one size."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from robustness.data import Fit, ImageSet, fit_images
from robustness.errors import RobustnessError, described
from robustness.evaluation.case import Case
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier, to_tensor
from robustness.noise import Noise, apply

BATCH = 256
"""Fixed, and the last batch is padded to it: float32 logits move by about 1e-5 with the batch size."""


Enough = Callable[[int, int], bool]
"""Whether `right` of the first `seen` images say all that is asked."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """A case with its result.

    looks: after each batch, how many of the images seen so far, in the order of evaluation, were named right, and how many
    were seen. total: images in the set. seconds: spent here, next to nothing when `stored` already.
    """

    case: Case
    result: Result
    looks: list[tuple[int, int]]
    total: int
    seconds: float
    stored: bool

    @property
    def right(self) -> int:
        return self.looks[-1][0]

    @property
    def seen(self) -> int:
        return self.looks[-1][1]

    @property
    def accuracy(self) -> float:
        return self.right / self.seen


def measure(
    classifier: Classifier,
    image_set: ImageSet,
    noise: Noise,
    seed: int,
    store: Store,
    run: str,
    enough: Enough | None = None,
) -> Measurement:
    """Evaluate a case, as far as is needed, or find its result in the store.

    run: names this run; a model or noise whose code cannot be hashed is evaluated afresh in every run, and once in each.
    enough: asked after each batch; without it every image is evaluated.
    """
    check_classes(classifier, image_set)
    started = time.perf_counter()
    case = Case(
        model=classifier.name,
        data=image_set.name,
        noise=noise,
        seed=seed,
        model_hash=model_identity(classifier),
        data_hash=image_set.content_hash,
        arithmetic=f"{classifier.device.type} float32 batch {BATCH} torch {torch.__version__}",
        run=None if is_hashable(classifier) and noise.bit_identical else run,
    )
    result, stored = store.get_or_extend(case, lambda known: evaluate(classifier, image_set, noise, seed, known, enough))
    looks = _looks(result.predictions, image_set)
    return Measurement(case, result, looks, len(image_set), time.perf_counter() - started, stored)


def _looks(predictions: npt.NDArray[np.int16], image_set: ImageSet) -> list[tuple[int, int]]:
    order = evaluation_order(image_set.index)
    right = np.cumsum((predictions == image_set.labels)[order])
    evaluated = int((predictions >= 0).sum())
    return [(int(right[seen - 1]), seen) for seen in _ends(len(order)) if seen <= evaluated]


def _ends(total: int) -> list[int]:
    """How many images have been seen after each batch."""
    return [min(start + BATCH, total) for start in range(0, total, BATCH)]


def is_hashable(classifier: Classifier) -> bool:
    """Whether the hash says all: a built-in network as it was built, without hooks or methods put on it since."""
    return classifier.architecture is not None and not any(
        part._forward_hooks or part._forward_pre_hooks or "forward" in vars(part) for part in classifier.module.modules()
    )


def model_identity(classifier: Classifier) -> str:
    """What stands for the model in a case: its content, and where the code cannot be hashed also its name and class."""
    if is_hashable(classifier):
        return classifier.content_hash()
    code = type(classifier.module)
    return f"{classifier.name} {code.__module__}.{code.__qualname__} {classifier.content_hash()}"


def evaluate(
    classifier: Classifier,
    image_set: ImageSet,
    noise: Noise,
    seed: int,
    known: Result | None = None,
    enough: Enough | None = None,
) -> Result:
    """Predictions batch by batch, in a fixed random order, of every image or until `enough`.

    known: what was evaluated before; it is completed, never repeated, and returned itself where nothing is to be added.
    """
    order = evaluation_order(image_set.index)
    predictions = np.full(len(order), -1, dtype=np.int16) if known is None else known.predictions.copy()
    margins = np.zeros(len(order), dtype=np.float32) if known is None else known.margins.copy()
    added, right = False, 0
    images: npt.NDArray[np.uint8] | None = None
    ends = _ends(len(order))
    for seen in tqdm(ends, f"{classifier.name} {noise}", unit="batch", leave=False, delay=0.5, disable=None):
        places = order[seen - 1 - (seen - 1) % BATCH : seen]
        if (predictions[places] < 0).any():
            images = _fitted(image_set, classifier.fit) if images is None else images
            predictions[places], margins[places] = _predict(classifier, image_set, images, places, noise, seed)
            added = True
        right += int((predictions[places] == image_set.labels[places]).sum())
        if enough is not None and enough(right, seen):
            break
    return Result(predictions, margins) if added or known is None else known


@lru_cache(maxsize=1)
def _fitted(image_set: ImageSet, fit: Fit) -> npt.NDArray[np.uint8]:
    """Kept from case to case: a gate measures many on one set."""
    return fit_images(image_set, fit)


def _predict(
    classifier: Classifier,
    image_set: ImageSet,
    images: npt.NDArray[np.uint8],
    places: npt.NDArray[np.int64],
    noise: Noise,
    seed: int,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Predictions and margins of a batch."""
    classifier.module.eval()
    clean = to_tensor(images[places]).to(classifier.device)
    noisy = apply(noise, clean, image_set.index[places], seed, torch.get_num_threads())
    logits = checked(raw_logits(classifier, padded(noisy)), len(noisy), classifier, image_set)
    top = logits.topk(2, dim=1)
    return top.indices[:, 0].to(torch.int16).numpy(), (top.values[:, 0] - top.values[:, 1]).numpy()


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
