"""The forward pass: in batches of one fixed size, smaller ones where memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from robustness.data import ImageSet
from robustness.errors import RobustnessError, described
from robustness.models.advice import advice
from robustness.models.class_map import without_outside
from robustness.models.classifier import Classifier, input_type
from robustness.models.outputs import NoLogitsError

T = TypeVar("T")


class OutOfMemoryError(RobustnessError):
    """A batch did not fit into memory, and the next one will be smaller."""


def arithmetic(classifier: Classifier) -> str:
    """What besides weights and images has a part in the logits' last bits."""
    how = f"{classifier.device.type} {classifier.precision} batch {classifier.batch_size} torch {torch.__version__}"
    return f"{how} {_inside_float32(classifier.device.type)}"


def _inside_float32(device: str) -> str:
    """What torch computes products and convolutions of float32 with: in full ("ieee"), or in fewer bits such as TF32."""
    backends: Any = torch.backends
    if not hasattr(backends, "fp32_precision"):  # before torch 2.9
        return f"matmul {torch.get_float32_matmul_precision()} convolution {'tf32' if backends.cudnn.allow_tf32 else 'ieee'}"
    cuda = device == "cuda"
    products = backends.cuda.matmul.fp32_precision if cuda else backends.mkldnn.matmul.fp32_precision
    convolutions = backends.cudnn.conv.fp32_precision if cuda else backends.mkldnn.conv.fp32_precision
    named = ("ieee" if precision == "none" else precision for precision in (products, convolutions))
    return "matmul {} convolution {}".format(*named)


def backing_off(measure: Callable[[], T]) -> T:
    """What `measure` gives, begun anew with smaller batches whenever memory runs out: those are other cases."""
    while True:
        try:
            return measure()
        except OutOfMemoryError:
            continue


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network says of N images, on the CPU: float32, or float64 where it gives that or whole numbers, so that none that
    differ become equal.

    logits: of shape (N, classes), of the set's classes. rivals: of shape (N, all), of all classes that compete; other than
    `logits` only for a network of more classes than the set. columns: the column of each of the set's classes in `rivals`.
    raw: of shape (N, all of the network's classes). of_raw: the column of each of `rivals` in it.
    """

    logits: torch.Tensor
    rivals: torch.Tensor
    columns: list[int]
    raw: torch.Tensor
    of_raw: list[int]


def forward(classifier: Classifier, image_set: ImageSet, images: torch.Tensor) -> torch.Tensor:
    """The logits of `answers`."""
    return answers(classifier, image_set, images).logits


def answers(classifier: Classifier, image_set: ImageSet, images: torch.Tensor) -> Answers:
    """What the network says of uint8 images of shape (N, channels, height, width), once it is what logits have to be."""
    size, names = classifier.batch_size, image_set.class_names
    parts = [
        _checked(raw_logits(classifier, _padded(part, size)), part, classifier, image_set) for part in torch.split(images, size)
    ]
    if classifier.class_map is None:
        logits = torch.cat(parts)
        every = [*range(logits.shape[1])]
        return Answers(logits, logits, every, logits, every)
    try:
        mapped = torch.cat([classifier.class_map.apply(part, names) for part in parts])
        raw = torch.cat(parts)
        of_raw = [*range(raw.shape[1])] if classifier.class_map.open else classifier.class_map.numbers(names)
        return Answers(mapped, *classifier.class_map.rivals(raw, names), raw, of_raw)
    except RobustnessError as error:
        raise NoLogitsError(f"{classifier.name}: {error}") from error


def raw_logits(classifier: Classifier, batch: torch.Tensor) -> torch.Tensor:
    """Whatever the network makes of one batch; a `RobustnessError` says what it raised."""
    try:
        return classifier.logits(batch)
    except NoLogitsError:
        raise
    except Exception as error:  # the user's module may raise anything
        if _is_out_of_memory(error) and len(batch) > 1:
            classifier.room.images = len(batch) // 2
            raise OutOfMemoryError(f"{classifier.name} ran out of memory on {len(batch)} images") from error
        takes = str(input_type(classifier.module)).removeprefix("torch.")
        raise RobustnessError(
            f"{classifier.name} raised {described(error)} on {takes} images of shape {tuple(batch.shape)}; "
            f"{advice(error, batch.shape[1:], f'are its images {classifier.fit}?')}"
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
    """The network's logits for the batch, without those of its padding, once they are what logits have to be."""
    classes = len(without_outside(image_set.class_names))
    if classifier.class_map is None and logits.shape[1] != classes:
        raise NoLogitsError(f"{classifier.name} tells {logits.shape[1]} classes apart, {image_set.name} has {classes}")
    if logits.is_complex():
        raise NoLogitsError(f"{classifier.name} gave complex numbers, which have no largest; return real logits")
    narrow = logits.is_floating_point() and logits.element_size() <= 4
    logits = logits[: len(batch)].cpu().to(torch.float32 if narrow else torch.float64)
    if not torch.isfinite(logits).all():
        bad = int((~torch.isfinite(logits)).any(dim=1).sum())
        raise NoLogitsError(
            f"{classifier.name} gave NaN or infinite logits for {bad} of {len(batch)} images of a batch; nothing was measured"
        )
    return logits
