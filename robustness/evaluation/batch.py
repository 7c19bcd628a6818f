"""From images to predictions, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch

from robustness.data import ImageSet, Preparation, prepared
from robustness.data.image_set import MOST_CLASSES
from robustness.errors import RobustnessError
from robustness.evaluation.forward import Answers, answers, forward
from robustness.evaluation.result import Result, Scores
from robustness.evaluation.rule import predicted, ranked
from robustness.models.class_map import without_outside
from robustness.models.classifier import Classifier
from robustness.noise import Noise, apply

Places = npt.NDArray[np.int64]

BATCH = 256
"""Images that get their noise together; a measurement may stop after each of them."""


def noisy_batch(classifier: Classifier, image_set: ImageSet, places: Places, noise: Noise, seed: int) -> torch.Tensor:
    """The images at those places under the noise, as the network takes them: uint8 of shape (N, channels, height, width)."""
    clean = clean_batch(image_set, classifier.fit, places, classifier.device)
    return apply(noise, clean, image_set.index[places], seed, torch.get_num_threads())


def clean_batch(image_set: ImageSet, fit: Preparation, places: Places, device: torch.device) -> torch.Tensor:
    """The images at those places as a network sees them: uint8 of shape (N, channels, height, width)."""
    return torch.from_numpy(prepared(image_set, fit).batch(places)).to(device).permute(0, 3, 1, 2)


def predict(
    classifier: Classifier, image_set: ImageSet, batch: torch.Tensor
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Predicted classes and margins of at most `BATCH` images; a `RobustnessError` says what is wrong with the logits."""
    return predicted(forward(classifier, image_set, batch), classifier.name)


def score(classifier: Classifier, image_set: ImageSet, places: Places, batch: torch.Tensor) -> Scores:
    """All that there is to say of the images at those places. batch: as the network takes them, at most `BATCH`."""
    found = answers(classifier, image_set, batch)
    predictions, margins = predicted(found.logits, classifier.name)
    labels = image_set.labels[places]
    ranks = ranked(found.rivals, np.array(found.columns)[labels], predictions == labels)
    of_predicted = probabilities(classifier, found).gather(1, found.rivals.argmax(dim=1, keepdim=True))[:, 0]
    return Scores(predictions, margins, ranks, of_predicted.float().numpy())


def probabilities(classifier: Classifier, found: Answers) -> torch.Tensor:
    """Of every class that competes, of the shape of `found.rivals`; NaN where nothing tells them, see `Scores`."""
    if classifier.output.are_probabilities_already(found.raw):
        return torch.full(found.rivals.shape, torch.nan, dtype=torch.float64)
    if len(found.of_raw) == found.raw.shape[1]:  # in the network's order, which tells class 0 from class 1 of one number
        return classifier.output.probabilities(found.raw)[:, found.of_raw]
    return classifier.output.probabilities(found.rivals)


def evaluate_batch(
    kind: type[Result], classifier: Classifier, image_set: ImageSet, places: Places, batch: torch.Tensor
) -> Result:
    """The result of that kind of the images at those places."""
    if issubclass(kind, Scores):
        return score(classifier, image_set, places, batch)
    return Result(*predict(classifier, image_set, batch))


def predict_at_levels(
    classifier: Classifier,
    image_set: ImageSet,
    places: Places,
    levels: Places,
    noisy: Callable[[Places, int], torch.Tensor],
) -> Iterator[tuple[Places, npt.NDArray[np.int16]]]:
    """Predicted classes of the images at those places, each under the noise of its level; images of all levels share batches.

    noisy: images at places under the noise of one level, uint8 of shape (N, channels, height, width). Yields, batch by batch,
    which of `places` it held and their classes.
    """
    by_level = np.argsort(levels, kind="stable")  # few levels meet in one batch
    for start in range(0, len(places), BATCH):
        batch = by_level[start : start + BATCH]
        parts = np.split(batch, np.flatnonzero(np.diff(levels[batch])) + 1)
        images = [noisy(places[part], int(levels[part[0]])) for part in parts]
        yield batch, predict(classifier, image_set, torch.cat(images))[0]


def check_classes(classifier: Classifier, image_set: ImageSet) -> None:
    """A model trained on other classes, or on the same ones in another order, gives accuracies that mean nothing."""
    if len(image_set.class_names) > MOST_CLASSES:
        raise RobustnessError(
            f"{image_set.name} has {len(image_set.class_names):,} classes, and predictions are kept of {MOST_CLASSES:,} at most"
        )
    if classifier.class_map is not None:
        try:
            classifier.class_map.numbers(image_set.class_names)
        except RobustnessError as error:
            raise RobustnessError(f"{classifier.name}: {error}") from error
        return
    class_names = without_outside(image_set.class_names)
    if classifier.class_names is None or classifier.class_names == class_names:
        return
    pairs = zip(classifier.class_names, class_names, strict=False)
    first = next(
        (f"class {n} is {ours!r} there and {theirs!r} here" for n, (ours, theirs) in enumerate(pairs) if ours != theirs), ""
    )
    raise RobustnessError(
        f"{classifier.name} was trained on {len(classifier.class_names)} classes that are not the {len(class_names)} "
        f"of {image_set.name}{': ' + first if first else ''}"
    )
