"""A generator in the eyes of a classifier that has never seen its images."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from tqdm import tqdm

from robustness.data import ImageSet, fit_images
from robustness.data.load import SPLIT
from robustness.errors import RobustnessError
from robustness.evaluation.batch import check_classes
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.identity import identify
from robustness.gan.batches import FIT
from robustness.gan.copies import find_copies
from robustness.gan.measures import frechet_distance, loss_divergence, precision_and_recall, spread
from robustness.gan.sample import BATCH, Generator
from robustness.models.classifier import Classifier, to_tensor
from robustness.noise import Clean, Noise
from robustness.statistics.intervals import lower_bound, upper_bound
from robustness.training.head import features_of

ALPHA = 0.05
COMPARED = 5000
"""Images of each side, at most, whose distances are taken."""
COLLAPSED = 0.25
"""Samples of a class less varied than this share of its real images show one image again and again."""


@dataclass(frozen=True)
class ClassJudged:
    """One class. images: how many real ones there are, and as many samples. right, real_right: how many the judge names so.

    low, high: of the share of samples named as asked, a two-sided Clopper-Pearson interval at 95 %.
    variety: the mean distance of two samples over that of two real images, in the judge's features; None where there are too
    few to tell.
    """

    name: str
    images: int
    right: int
    real_right: int
    low: float
    high: float
    variety: float | None

    @property
    def fidelity(self) -> float | None:
        """How many samples the judge names as asked, over how many real images it names right; None where it knows none."""
        return self.right / self.real_right if self.real_right else None

    @property
    def is_collapsed(self) -> bool:
        return self.variety is not None and not self.variety >= COLLAPSED  # what is no number is no variety


@dataclass(frozen=True)
class Judged:
    """A generator's marks.

    classes: those with real images; none for a generator that cannot be asked for a class. frechet, precision, recall: see
    `robustness.gan.measures`, in the judge's features. nearest, copied, copy_distance, pairs: see `robustness.gan.copies`; None
    where the training images are not at hand.
    divergence: see `loss_divergence`; None where the losses of two epochs are not known.
    """

    judge: str
    samples: int
    classes: tuple[ClassJudged, ...]
    frechet: float
    precision: float
    recall: float
    nearest: float | None
    copied: float | None
    copy_distance: float | None
    pairs: npt.NDArray[np.uint8] | None = field(repr=False)
    divergence: float | None = None

    @property
    def fidelity(self) -> float | None:
        """Over all classes, in the real images' proportions."""
        real_right = sum(label.real_right for label in self.classes)
        return sum(label.right for label in self.classes) / real_right if real_right else None

    @property
    def worst(self) -> ClassJudged | None:
        """The class of lowest fidelity."""
        known = [(label.fidelity, label) for label in self.classes if label.fidelity is not None]
        return min(known, key=lambda pair: pair[0])[1] if known else None

    @property
    def collapsed(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.classes if label.is_collapsed)


def training_data(data: str, training: str | None) -> str:
    """The images that a generator was trained on, beside test images of `data`. training: where these are named apart."""
    if data in SPLIT and training:
        raise RobustnessError(f"{data} has a training split of its own, which is taken; leave --training out")
    if data not in SPLIT and not training:
        raise RobustnessError(
            f"{data} has no training split: name the images that the generator was trained on with --training, for example "
            "--training folder:train"
        )
    return training or data


def judge(generator: Generator, classifier: Classifier, real: ImageSet, training: ImageSet, seed: int) -> Judged:
    """Compare as many samples as there are real images, class by class, with these.

    classifier: takes 28 by 28 pixels, as the generator gives them. real: images that neither of the two was trained on.
    training: the generator's own, to find copies of; in others none are looked for.
    """
    check_takes_samples(classifier, real)
    if training.content_hash == real.content_hash:
        raise RobustnessError(f"{training.name} are the test images themselves: name those the generator was trained on")
    samples = draw_like(generator, real, seed)
    head = last_layer(classifier.module)
    features, features_real = (_features(classifier, head, images) for images in (samples, real))
    chosen, chosen_real = (_some(len(real), seed + side) for side in range(2))
    precision, recall = precision_and_recall(features_real[chosen_real], features[chosen])
    is_own = generator.trained_on in (None, training.content_hash)
    copies = find_copies(samples.take(chosen), real.take(chosen_real), training) if is_own else None
    is_asked = bool(generator.condition.class_names)
    return Judged(
        judge=classifier.name,
        samples=len(samples),
        classes=tuple(_classes(classifier, samples, real, features, features_real)) if is_asked else (),
        frechet=frechet_distance(features_real, features),
        precision=precision,
        recall=recall,
        nearest=copies.nearest if copies else None,
        copied=copies.copied if copies else None,
        copy_distance=copies.copy_distance if copies else None,
        pairs=copies.pairs if copies else None,
        divergence=loss_divergence(generator.losses),
    )


def judged_values(judged: Judged) -> dict[str, Any]:
    """The marks in plain values, those of each class too, but for the images."""
    return {
        **{name: value for name, value in asdict(judged).items() if name != "pairs"},
        "fidelity": judged.fidelity,
        "worst_class": judged.worst.name if judged.worst else None,
        "collapsed": list(judged.collapsed),
        "classes": [{**asdict(label), "fidelity": label.fidelity, "collapsed": label.is_collapsed} for label in judged.classes],
    }


def _classes(
    classifier: Classifier, samples: ImageSet, real: ImageSet, features: torch.Tensor, features_real: torch.Tensor
) -> Iterator[ClassJudged]:
    right, real_right = (evaluate(classifier, images, Clean(), 0).predictions == real.labels for images in (samples, real))
    for label, mask in _by_class(real.labels):
        places, named = torch.from_numpy(np.flatnonzero(mask)), int(right[mask].sum())
        yield ClassJudged(
            name=real.class_names[label],
            images=len(places),
            right=named,
            real_right=int(real_right[mask].sum()),
            low=lower_bound(named, len(places), ALPHA / 2),
            high=upper_bound(named, len(places), ALPHA / 2),
            variety=_variety(features_real[places], features[places]),
        )


def check_takes_samples(classifier: Classifier, real: ImageSet) -> None:
    """Refuse a classifier of other images than a generator's, or of other classes than the real ones."""
    if classifier.fit != FIT:
        raise RobustnessError(f"{classifier.name} takes {classifier.fit} px, and a generator gives {FIT} px: take one of these")
    check_classes(classifier, real)


def draw_like(generator: Generator, real: ImageSet, seed: int, noise: Noise | None = None) -> ImageSet:
    """A sample for each real image, of its class; the labels are those that were asked for. noise: see `Generator.images`."""
    if generator.condition.class_names and generator.condition.class_names != real.class_names:
        raise RobustnessError(f"the generator knows other classes than {real.name}")
    numbers = np.empty(len(real), dtype=np.int64)
    for _, mask in _by_class(real.labels):
        numbers[mask] = np.arange(mask.sum())
    asked = real.labels if generator.condition.class_names else np.zeros_like(real.labels)
    numbers = numbers if generator.condition.class_names else np.arange(len(real))
    starts = tqdm(range(0, len(real), BATCH), "samples", unit="batch", leave=False, disable=None)
    drawn = [generator.images(asked[start : start + BATCH], numbers[start : start + BATCH], seed, noise) for start in starts]
    return ImageSet.from_images("samples", np.concatenate(drawn), real.labels.tolist(), real.class_names)


def last_layer(module: nn.Module) -> str:
    """The name of the network's last linear layer, whose input are its features."""
    linear: list[str] = [name for name, part in module.named_modules() if isinstance(part, nn.Linear)]
    if not linear:
        raise RobustnessError("the judge has no linear layer whose input could be its features; take another network")
    return linear[-1]


def _features(classifier: Classifier, head: str, images: ImageSet) -> torch.Tensor:
    """What reaches the layer `head`: float32 of shape (N, features), kept in the cache where the judge's hash says all."""
    if identify(classifier).is_hashable:
        return features_of(classifier, head, images)
    reached: list[torch.Tensor] = []
    module = copy.deepcopy(classifier.module)
    module.get_submodule(head).register_forward_pre_hook(lambda _, inputs: reached.append(inputs[0].float().cpu()))
    seen = replace(classifier, module=module)
    for part in torch.split(to_tensor(fit_images(images, classifier.fit)), BATCH):
        seen.logits(part)
    return torch.cat(reached)


def _by_class(labels: npt.NDArray[np.int64]) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    for label in np.unique(labels):
        yield int(label), labels == label


def _some(count: int, seed: int) -> npt.NDArray[np.int64]:
    return np.sort(np.random.default_rng(seed).permutation(count)[:COMPARED])


def _variety(real: torch.Tensor, fake: torch.Tensor) -> float | None:
    usual = spread(real) if len(real) > 1 else 0.0
    return spread(fake) / usual if usual else None
