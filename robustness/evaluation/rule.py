"""The prediction rule: from an image's logits to its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from robustness.data.image_set import MOST_CLASSES
from robustness.errors import RobustnessError

if TYPE_CHECKING:
    import torch

RULE = 2
"""Raised when the same logits come to mean another class. Until 1, `topk` decided between equal logits, as it liked."""

NO_CLASS = MOST_CLASSES
"""In place of a class, where the logits of an image are all equal. No label is this number, so the image counts as wrong."""


def predicted(logits: torch.Tensor, name: str) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Classes, int16 of shape (N,), and margins, float32 of shape (N,), of logits of shape (N, classes) on the CPU.

    The class is that of the largest logit, the lowest of several, as `argmax` says. The margin is the largest logit minus the
    second. Where most images of a batch have logits that are all equal, a `RobustnessError` says so: nothing was computed.
    """
    top = logits.topk(2, dim=1).values
    undecided = (logits == logits[:, :1]).all(dim=1)
    if 2 * (count := int(undecided.sum())) > len(logits):
        raise RobustnessError(
            f"{name} gave logits that are all equal for {count} of {len(logits)} images of a batch, so it tells no classes "
            "apart; look at its weights, and at the range of its input"
        )
    classes = logits.argmax(dim=1).masked_fill(undecided, NO_CLASS)
    return classes.numpy().astype(np.int16), (top[:, 0] - top[:, 1]).float().numpy()


def ranked(rivals: torch.Tensor, own: npt.NDArray[np.int64], right: npt.NDArray[np.bool_]) -> npt.NDArray[np.int16]:
    """The place of each image's own class among all: int16 of shape (N,), 1 exactly where it is the predicted one.

    rivals: logits of shape (N, classes), of all classes that a place is lost to. own: int64 of shape (N,), the column of each
    image's own class. right: bool of shape (N,), where that is the predicted one. Elsewhere the place is the number of
    classes whose logits are not below its own: of equal ones the last, and where all logits are equal `NO_CLASS`.
    """
    logits = rivals.numpy()
    mine = logits[np.arange(len(own)), own]
    places = (logits >= mine[:, None]).sum(axis=1)
    places = np.where((logits == logits[:, :1]).all(axis=1), NO_CLASS, places)
    return np.where(right, 1, np.minimum(places, NO_CLASS)).astype(np.int16)


def class_name(names: Sequence[str], predicted: int) -> str:
    """What a predicted class is called."""
    return "no class" if predicted == NO_CLASS else names[predicted]
