"""Predictions as a rule of one's own reads them: what a network says of each image, beside what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from robustness.data import ImageSet
from robustness.evaluation.batch import BATCH, Places, noisy_batch, probabilities
from robustness.evaluation.forward import answers
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.result import Scores
from robustness.models.classifier import Classifier
from robustness.noise import Noise


@dataclass(frozen=True, eq=False)
class Predictions:
    """Of N images, in their order.

    predicted: int64 of shape (N,), the number of the predicted class, 32,767 where all logits are equal. labels: int64 of
    shape (N,), the number of the class that each image is of. class_names: by these numbers; the last may stand for all classes
    that the images do not have. ranks: int64 of shape (N,), the place of the image's own class among all, 1 exactly where it is
    the predicted one. probability: float32 of shape (N,), of the predicted class, 0 to 1. names: of files, or "image 3 of ...".
    index: int64 of shape (N,), the positions of the images in the set that they come from. probabilities: float32 of shape
    (N, classes), of each class that images are of, where they were asked for. Probabilities are hints: their last digits are
    not the same everywhere; NaN where the network gives probabilities and does not say so.
    """

    predicted: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    ranks: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float32]
    names: tuple[str, ...]
    index: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32] | None = None

    @classmethod
    def of(cls, scores: Scores, images: ImageSet, probabilities: npt.NDArray[np.float32] | None = None) -> Predictions:
        """Of every image of a set."""
        return cls(
            predicted=scores.predictions.astype(np.int64),
            labels=images.labels,
            class_names=images.class_names,
            ranks=scores.ranks.astype(np.int64),
            probability=scores.probabilities,
            names=tuple(images.name_of(place) for place in range(len(images))),
            index=images.index,
            probabilities=probabilities,
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """bool of shape (N,): where the predicted class is the label."""
        right: npt.NDArray[np.bool_] = self.predicted == self.labels
        return right


def probabilities_of(classifier: Classifier, image_set: ImageSet, noise: Noise, seed: int) -> npt.NDArray[np.float32]:
    """The probability of each class that images are of: float32 of shape (N, classes). One more pass over all images."""
    order, parts = evaluation_order(image_set.index), list[tuple[Places, torch.Tensor]]()
    for start in range(0, len(order), BATCH):
        places = order[start : start + BATCH]
        found = answers(classifier, image_set, noisy_batch(classifier, image_set, places, noise, seed))
        parts.append((places, probabilities(classifier, found)[:, found.columns]))
    of_all = np.empty((len(order), parts[0][1].shape[1]), np.float32)
    for places, shares in parts:
        of_all[places] = shares.float().numpy()
    return of_all
