"""The forward pass: in batches of one fixed size, smaller ones where memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from robustness.data import ImageSet
from robustness.errors import RobustnessError, described
from robustness.models.classifier import Classifier

T = TypeVar("T")


class OutOfMemoryError(RobustnessError):
    """A batch did not fit into memory, and the next one will be smaller."""


def arithmetic(classifier: Classifier) -> str:
    """What besides weights and images has a part in the logits' last bits."""
    return f"{classifier.device.type} {classifier.precision} batch {classifier.batch_size} torch {torch.__version__}"


def backing_off(measure: Callable[[], T]) -> T:
    """What `measure` gives, begun anew with smaller batches whenever memory runs out: those are other cases."""
    while True:
        try:
            return measure()
        except OutOfMemoryError:
            continue


def forward(classifier: Classifier, image_set: ImageSet, images: torch.Tensor) -> torch.Tensor:
    """Checked logits, float32 of shape (N, classes) on the CPU, of uint8 images of shape (N, channels, height, width)."""
    size = classifier.batch_size
    parts = [
        _checked(raw_logits(classifier, _padded(part, size)), part, classifier, image_set) for part in torch.split(images, size)
    ]
    return torch.cat(parts)


def raw_logits(classifier: Classifier, batch: torch.Tensor) -> torch.Tensor:
    """Whatever the network makes of one batch; a `RobustnessError` says what it raised."""
    try:
        return classifier.logits(batch)
    except Exception as error:  # the user's module may raise anything
        if _is_out_of_memory(error) and len(batch) > 1:
            classifier.room.images = len(batch) // 2
            raise OutOfMemoryError(f"{classifier.name} ran out of memory on {len(batch)} images") from error
        late = "import it where the module begins: beside the file it is found only while that is loaded"
        hint = late if isinstance(error, ImportError) else f"are its images {classifier.fit}?"
        raise RobustnessError(
            f"{classifier.name} raised {described(error)} on float32 images of shape {tuple(batch.shape)}; {hint}"
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    """Torch's CPU allocator and ONNX Runtime have no exception of their own for it."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)


def _padded(batch: torch.Tensor, size: int) -> torch.Tensor:
    """The batch filled up with black images to its fixed size."""
    if len(batch) == size:
        return batch
    full = torch.zeros((size, *batch.shape[1:]), dtype=batch.dtype, device=batch.device)
    full = full.contiguous(memory_format=torch.channels_last)
    full[: len(batch)] = batch
    return full


def _checked(logits: torch.Tensor, batch: torch.Tensor, classifier: Classifier, image_set: ImageSet) -> torch.Tensor:
    """The logits of the batch, without those of its padding, once they are what logits have to be."""
    size, classes = classifier.batch_size, len(image_set.class_names)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != size or logits.shape[1] < 2:
        shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise RobustnessError(f"{classifier.name} gave {shape} for a batch of {size}, not logits of shape (N, classes)")
    if classifier.class_map is None and logits.shape[1] != classes:
        raise RobustnessError(f"{classifier.name} tells {logits.shape[1]} classes apart, {image_set.name} has {classes}")
    logits = logits[: len(batch)].float().cpu()
    if not torch.isfinite(logits).all():
        bad = int((~torch.isfinite(logits)).any(dim=1).sum())
        raise RobustnessError(
            f"{classifier.name} gave NaN or infinite logits for {bad} of {len(batch)} images of a batch; nothing was measured"
        )
    if classifier.class_map is None:
        return logits
    try:
        return classifier.class_map.apply(logits, image_set.class_names)
    except RobustnessError as error:
        raise RobustnessError(f"{classifier.name}: {error}") from error
