"""Sentinels: cheap checks of a model and its data before any of its limits is measured. They name the usual mistakes.

An accuracy says nothing of its reason: a network that was fed its pixels in the wrong range, or whose classes stand in another
order, only looks bad. Each sentinel speaks where chance is no explanation, and is silent where the images are too few to tell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy
import torch
from torch.nn import functional

from robustness.data import ImageSet, Preparation, prepared
from robustness.errors import RobustnessError, some
from robustness.evaluation.batch import check_classes
from robustness.evaluation.forward import OutOfMemoryError, arithmetic, backing_off, forward, raw_logits
from robustness.evaluation.identity import identify
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.rule import predicted
from robustness.evaluation.store import Sentences, Store
from robustness.gate.feeding import WAYS, OtherWay, channels_last, numbers, other_ways
from robustness.gate.grey import PASSES as GREY_PASSES
from robustness.gate.grey import sees_grey
from robustness.gate.noise_sentinels import noise_mistakes
from robustness.models.classifier import SIZES, Classifier, Room, evaluation_mode, to_tensor
from robustness.models.file_network import FromFile
from robustness.models.outputs import NoLogitsError, looks_like_a_probability
from robustness.models.state import hash_state, holds_weights
from robustness.noise import Gaussian, Noise, Periodic, SaltAndPepper, apply
from robustness.statistics.paired import Change, p_value

VERSION = 3
"""Raised when a sentinel comes to ask something else: what was found before is then stale."""

IMAGES, BATCH = 192, 64
"""How many images are looked at, and in batches of how many."""
ALONE, IN_SIXTEENS, NOISY, FIRST = 16, 32, 24, 32
"""How many of them go through the network one by one too, in sixteens, twice under noise, and first in other preparations."""
CHOSEN = 3
"""Of the other ways to feed a network: how many are judged on all images."""
PASSES = (
    GREY_PASSES + BATCH + SIZES["cuda"] + 2 * BATCH + ALONE + IN_SIXTEENS + 2 * NOISY + WAYS * FIRST + CHOSEN * (IMAGES - FIRST)
)
"""Images that go through a network at most: once for each network, preparation and image set."""

CHANCE = 1e-6
"""Of a false alarm, at most, by each comparison of two ways to count the same images."""
FEWEST = 20
"""Fewer images than this, all classified correctly the other way alone, may be chance: 2^-19 is above `CHANCE`."""

REPEATED = 1e-4
"""How far logits may move between two passes, as a share of the largest: rounding moves them by about 1e-6, dropout by 0.1."""
IN_COMPANY = 2e-2
"""How far they may move with the batch, as a share of their spread. Float32 moves them by about 1e-6, eight bits by up to 6e-3,
and a network that was quantized dynamically takes its scale from the batch."""

RENAMED_GAIN = 0.3
RENAMED_ACCURACY = 0.5
PREPARED_GAIN = 0.1

NOISES = (Gaussian(sigma=50), SaltAndPepper(amount=0.1), Periodic(amplitude=0.25))

Classes = npt.NDArray[np.int64]


def check_model(
    classifier: Classifier, image_set: ImageSet, noises: Sequence[Noise], seed: int, store: Store, run: str
) -> None:
    """Raise one `RobustnessError` that says all that is wrong; what was found is kept as a measurement would be.

    noises: those of the model's limits. run: names this run; see `measure`.
    """
    check_classes(classifier, image_set)
    found = [*_broken_noises(classifier, image_set, noises, seed, store), *noise_mistakes(classifier, image_set, noises, seed)]
    try:
        found += _mistakes(classifier, image_set, store, run)
    except RobustnessError as error:  # no logits, or none that could be counted: kept for nobody, for it may pass
        found.append(str(error))
    if found:
        raise RobustnessError("\n".join(found))


def _broken_noises(
    classifier: Classifier, image_set: ImageSet, noises: Sequence[Noise], seed: int, store: Store
) -> Iterator[str]:
    """A sentence for each noise that changes images where it is none; found without the network."""
    at_identity = {str(noise): noise for noise in map(_at_identity, noises) if noise is not None}
    for text, noise in sorted(at_identity.items()):
        about = [text, noise.contract, seed, image_set.content_hash, str(classifier.fit), arithmetic(classifier)]
        check = partial(_noise_at_identity, noise, image_set, classifier, seed)
        yield from store.remember(_key("noise at identity", about), None, check)


def _mistakes(classifier: Classifier, image_set: ImageSet, store: Store, run: str) -> list[str]:
    """A sentence for each sentinel that failed; a model that is known already is not asked again."""

    def remembered() -> list[str]:
        key, bound, fingerprint = _address(classifier, image_set, run)
        try:
            return store.remember(key, bound, partial(_complaints, classifier, image_set), fingerprint)
        except _NotKept as found:
            return found.sentences

    return backing_off(remembered)


class _NotKept(Exception):  # noqa: N818 - nothing went wrong
    """Sentences that were found while something else raised, as it may not do the next time."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__()
        self.sentences = sentences


def is_known(classifier: Classifier, image_set: ImageSet, store: Store, run: str) -> bool:
    """Whether what the sentinels say of a network is in the store, so that no image has to go through it."""
    key, _, fingerprint = _address(classifier, image_set, run)
    return store.read(key, run, Sentences, fingerprint) is not None


def _address(classifier: Classifier, image_set: ImageSet, run: str) -> tuple[str, str | None, str]:
    """Key, run and fingerprint that what the sentinels say is kept under."""
    identity = identify(classifier)
    bound = None if identity.is_hashable else run
    names = [classifier.name, image_set.name, image_set.class_names]  # they stand in the sentences
    key = _key("sentinels", [names, identity.key, image_set.content_hash, bound, arithmetic(classifier)])
    return key, bound, identity.fingerprint


def _key(what: str, about: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps([what, VERSION, *about]).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class _Logits:
    """Logits for the same few images: float32 of shape (N, classes)."""

    logits: npt.NDArray[np.float32]


@dataclass(frozen=True)
class _First:
    """The address of the answers that a run's first process had."""

    key: str
    run: str
    fingerprint: None = None


def check_answers(classifier: Classifier, store: Store, run: str) -> None:
    """Raise a `RobustnessError` where a network answers otherwise than when this run, in whichever process, first asked it.

    For code that no hash speaks for: a factory with a random part, or a test that changes what it was lent. It is asked the
    same few drawn images every time, so that no image set is needed.
    """

    def moved() -> float:
        now = raw_logits(classifier, _drawn_images(classifier.fit)).float().cpu().numpy()
        first = _First(_key("answers", [classifier.name, arithmetic(classifier)]), run)
        answers, _ = store.get_or_extend(first, _Logits, lambda known: known or _Logits(now))
        if answers.logits.shape != now.shape:
            return float("inf")
        return float(np.abs(answers.logits - now).max()) / max(float(np.abs(now).max()), 1e-30)

    if (share := backing_off(moved)) > REPEATED:
        raise RobustnessError(
            f"{classifier.name} is not the network that this run began with: its logits for the same images have moved by "
            f"{share:.2g} of the largest. Make it with fixed weights, the same in every process, and let a test that changes "
            "it take a copy"
        )


def _drawn_images(fit: Preparation) -> torch.Tensor:
    """Images from dark to bright, each with another contrast: uint8 of shape (ALONE, channels, height, width)."""
    generator = np.random.default_rng(0)
    levels = np.linspace(0, 255, ALONE)[:, None, None, None]
    contrasts = generator.uniform(0, 80, (ALONE, 1, 1, 1))
    drawn = levels + contrasts * generator.uniform(-1, 1, (ALONE, *fit.shape, fit.channels))
    return to_tensor(drawn.clip(0, 255).astype(np.uint8))


def _at_identity(noise: Noise) -> Noise | None:
    if noise.identity is None:
        return None
    return noise if noise.magnitude is None else noise.at(noise.identity)


@dataclass(frozen=True, eq=False)
class _Sample:
    """The first images of a set in the order of evaluation, as a network sees them: uint8 (N, channels, height, width)."""

    image_set: ImageSet
    images: torch.Tensor
    index: npt.NDArray[np.int64]
    labels: Classes
    places: npt.NDArray[np.int64]
    raised: list[RobustnessError] = field(default_factory=list)  # by other ways to feed the network

    @classmethod
    def of(cls, image_set: ImageSet, classifier: Classifier) -> _Sample:
        places = evaluation_order(image_set.index)[:IMAGES]
        images = to_tensor(prepared(image_set, classifier.fit).batch(places))
        return cls(image_set, images, image_set.index[places], image_set.labels[places], places)

    def first(self, count: int) -> _Sample:
        return self._part(slice(count))

    def rest(self, count: int) -> _Sample:
        return self._part(slice(count, None))

    def _part(self, part: slice) -> _Sample:
        index, labels, places = (values[part] for values in (self.index, self.labels, self.places))
        return replace(self, images=self.images[part], index=index, labels=labels, places=places)

    def fed_to(self, way: OtherWay, fit: Preparation) -> _Sample:
        """The same images as that way feeds them. fit: the preparation of these."""
        images = self.images
        if way.classifier.fit != fit:
            few = self.image_set.take(self.places)
            images = to_tensor(prepared(few, way.classifier.fit).batch(np.arange(len(few))))
        return replace(self, images=images.flip(1) if way.flipped else images)

    def logits(self, classifier: Classifier, size: int = BATCH) -> torch.Tensor:
        """In batches of that size, or of the classifier's where its memory holds no more."""
        fed = replace(classifier, room=Room(min(size, classifier.batch_size)))
        try:
            return forward(fed, self.image_set, self.images)
        except OutOfMemoryError:
            classifier.room.images = fed.room.images
            raise

    def under_noise(self, classifier: Classifier) -> _Sample:
        """The same images with noise of each kind that networks meet: fine, coarse and in single pixels."""
        images = self.images.to(classifier.device)
        parts = [np.arange(start, len(images), len(NOISES)) for start in range(len(NOISES))]
        noisy = images.clone()
        for noise, places in zip(NOISES, parts, strict=True):
            noisy[places] = apply(noise, images[places], self.index[places], 0, torch.get_num_threads())
        return replace(self, images=noisy.cpu())

    def right(self, predictions: Classes) -> float:
        return float((predictions == self.labels).mean())


def _complaints(classifier: Classifier, image_set: ImageSet) -> list[str]:
    """A sentence for each sentinel that failed."""
    sample = _Sample.of(image_set, classifier)
    batch = sample.first(BATCH)
    logits = _first_logits(sample, classifier)
    predicted(logits, classifier.name)  # raises where it tells nothing apart
    one_number = classifier.output.declared not in (None, "probabilities", "sigmoid")
    if (
        one_number
        and len(logits) >= FEWEST
        and looks_like_a_probability(classifier.output, _unmapped(batch, classifier, logits))
    ):
        return [f'{classifier.name} gives one number for each image, all in 0..1, as probabilities are: say output = "sigmoid"']
    predictions = _named(logits)
    first = logits[:BATCH] if classifier.batch_size <= BATCH else batch.logits(classifier)
    found = _repetition(batch, classifier, first, "the same") or _batch_size(sample, classifier, logits, first)
    found = found or _repetition_under_noise(batch, classifier) or sees_grey(classifier)
    # Where classes are colours, swapping red and blue renames them too: what is fed comes first.
    found += _preprocessing(sample, classifier, predictions) or _class_order(sample, classifier, predictions)
    if sample.raised:
        raise _NotKept(found)
    return found


def _unmapped(batch: _Sample, classifier: Classifier, logits: torch.Tensor) -> torch.Tensor:
    """The logits as the network gives them, before its classes are those of the images."""
    if classifier.class_map is None:
        return logits
    parts = torch.split(batch.images, classifier.batch_size)
    return torch.cat([raw_logits(classifier, part).float().cpu() for part in parts])


def _first_logits(sample: _Sample, classifier: Classifier) -> torch.Tensor:
    """As the network is declared; where it raises, and does not on images channels last, the error says so."""
    try:
        return sample.logits(classifier, classifier.batch_size)
    except OutOfMemoryError:
        raise
    except RobustnessError as error:
        other = channels_last(classifier)
        try:
            sample.first(2).logits(other.classifier)
        except RobustnessError:
            raise error from None
        raise RobustnessError(f"{error}. It takes {other.words}") from error


def _noise_at_identity(noise: Noise, image_set: ImageSet, classifier: Classifier, seed: int) -> list[str]:
    batch = _Sample.of(image_set, classifier).first(BATCH)
    images = batch.images.to(classifier.device)
    moved = (apply(noise, images, batch.index, seed, torch.get_num_threads()).int() - images.int()).abs().flatten(1)
    if not (changed := int(moved.any(dim=1).sum())):
        return []
    return [
        f"{noise} is no noise at all, but it changed {changed} of {len(images)} images, by up to {int(moved.max())} "
        "grey levels: what computes noise is broken on this machine, and nothing measured with it means anything"
    ]


def _repetition_under_noise(batch: _Sample, classifier: Classifier) -> list[str]:
    """Some networks are fixed on clean images alone, such as one that smooths at random what looks noisy."""
    noisy = batch.first(NOISY).under_noise(classifier)
    return _repetition(noisy, classifier, noisy.logits(classifier, NOISY), "the same noisy", NOISY)


def _repetition(batch: _Sample, classifier: Classifier, first: torch.Tensor, which: str, size: int = BATCH) -> list[str]:
    """Two passes over the same images give the same logits and leave the weights as they were.

    Not bit for bit: the order in which parallel sums are added up may change the last bits, on CUDA and in Intel's MKL, and
    no count of right images depends on them.
    """
    before = _weights(classifier)
    second = batch.logits(classifier, size)
    after = _weights(classifier)
    changed = [name for name, content in after.items() if before.get(name, content) != content]
    moved = float((first - second).abs().max()) / max(float(first.abs().max()), 1e-30)
    if moved <= REPEATED and not changed:
        return []
    other = int((_named(first) != _named(second)).sum())
    seen = (
        [f"moved its logits by up to {moved:.2g} of the largest, and changed {other} predictions"] if moved > REPEATED else []
    )
    seen += [f"overwrote its {some(changed)}"] if changed else []
    passes = f"two passes over {which} {len(first)} images {' and '.join(seen)}"
    return [f"{classifier.name} gives no fixed answer: {passes}. {_reason(classifier)}"]


def _weights(classifier: Classifier) -> dict[str, str]:
    """Hashes of weights and statistics; whole numbers may well be counters of the user's own."""
    state = classifier.module.state_dict()
    return {name: hash_state({name: value}) for name, value in state.items() if holds_weights(value)}


def _reason(classifier: Classifier) -> str:
    if training := _in_training(classifier):
        return f"Still in training mode after eval(): {some(training)}; let train(False) reach every part"
    if isinstance(classifier.module, FromFile):
        return (
            "A file keeps what its export found: call eval() on the network before it is exported, keep dropout and random "
            "numbers out of its forward, and export it again"
        )
    return (
        "Every part is in evaluation mode, so look in forward for random numbers, F.dropout without training=self.training, "
        "and layers in a plain list, which eval() does not reach (use nn.ModuleList)"
    )


def _in_training(classifier: Classifier) -> list[str]:
    """The parts that stay in training mode although `eval()` was called."""
    with evaluation_mode(classifier.module):
        named = classifier.module.named_modules()
        return [f"{name or 'the whole'} ({type(part).__name__})" for name, part in named if part.training]


def _batch_size(sample: _Sample, classifier: Classifier, logits: torch.Tensor, first: torch.Tensor) -> list[str]:
    """An image's logits do not depend on which images come with it, nor on how many.

    logits: in the classifier's own batches. first: of the first images in batches of `BATCH`, where its own are larger.
    """
    usual = classifier.batch_size
    spread = max(float(logits.max() - logits.min()), 1e-30)
    for size, images in ((1, ALONE), (BATCH // 4, IN_SIXTEENS), (min(BATCH, usual), BATCH)):
        try:
            other = first if images == BATCH else sample.first(images).logits(classifier, size)
        except OutOfMemoryError:
            raise
        except RobustnessError as error:
            raise RobustnessError(f"{classifier.name} takes batches of {usual} images, but not of {size}: {error}") from error
        moved = float((other - logits[: len(other)]).abs().max()) / spread
        if moved > IN_COMPANY:
            turned = int((_named(other) != _named(logits[: len(other)])).sum())
            return [
                f"{classifier.name} answers otherwise in batches of {size} than of {usual}: its logits for {len(other)} images "
                f"move by up to {moved:.2g} of their spread, and {turned} of the predictions change. Something in it is taken "
                f"over the whole batch. {_batch_reason(classifier)}"
            ]
    return []


def _batch_reason(classifier: Classifier) -> str:
    if _in_training(classifier):
        return _reason(classifier)
    if isinstance(classifier.module, FromFile):
        return (
            "A file keeps what its export found: call eval() on the network before it is exported, for batch normalisation, "
            "and take no mean, maximum or softmax over dimension 0"
        )
    return (
        "Look for batch normalisation that normalises by the batch (track_running_stats=False, F.batch_norm with "
        "training=True), and for means, maxima or softmax over dimension 0"
    )


def _class_order(sample: _Sample, classifier: Classifier, predictions: Classes) -> list[str]:
    """Classes in another order than the labels': found on one half of the images, and judged on the other.

    On the half it was found on, the best renaming gains by chance, the more the more classes there are. Judged are the images
    whose predicted class the first half has met.
    """
    half = len(predictions) // 2
    found_on, labels = predictions[:half], sample.labels[:half]
    rename, counts = _best_renaming(found_on, labels, len(sample.image_set.class_names))
    judged = np.isin(predictions[half:], found_on)
    before, truth = predictions[half:][judged], sample.labels[half:][judged]
    after = rename[before]
    if not _is_better(before, after, truth, RENAMED_GAIN) or (after == truth).mean() < RENAMED_ACCURACY:
        return []
    names = sample.image_set.class_names
    moved = [
        number for number in np.argsort(-counts[np.arange(len(rename)), rename], kind="stable") if rename[number] != number
    ]
    pairs = [
        f"of {counts[number].sum()} images named {names[number]!r} {counts[number, rename[number]]} are labelled "
        f"{names[rename[number]]!r}"
        for number in moved[:3]
    ]
    return [
        f"{classifier.name} and {sample.image_set.name} look as if their classes stood in different orders: renaming them one "
        f"to one takes accuracy from {(before == truth).mean():.1%} to {(after == truth).mean():.1%}, on {len(truth)} images "
        f"that the renaming was not found on; {'; '.join(pairs)}. Logit k has to be class k of the data, for a folder the k-th "
        "sub-folder in alphabetical order: rename the sub-folders, or reorder the logits in forward"
    ]


def _best_renaming(predictions: Classes, labels: Classes, classes: int) -> tuple[Classes, npt.NDArray[np.int64]]:
    """The new class of each class, and how many images of each prediction have each label. Ties are left as they are."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (predictions, labels), 1)
    _, rename = scipy.optimize.linear_sum_assignment(counts * (classes + 1) + np.eye(classes, dtype=np.int64), maximize=True)
    return rename.astype(np.int64), counts


def _preprocessing(sample: _Sample, classifier: Classifier, predictions: Classes) -> list[str]:
    """The one other way to feed the network that makes it best, if it makes it much better.

    All are tried on the first images, and those that do best there on the others too: some are close, as a scale is for a
    network of rectifiers.
    """
    if sample.right(predictions) > 1 - PREPARED_GAIN or len(predictions) < FEWEST:
        return []  # nothing could be gained, or be more than chance
    first, rest = sample.first(FIRST), sample.rest(FIRST)
    tried = [(fed, _answers(first, fed, classifier.fit)) for fed in other_ways(classifier)]
    hopeful = [(fed, start) for fed, start in tried if first.right(start.classes) > first.right(predictions[:FIRST])]
    better = []
    for fed, start in sorted(hopeful, key=lambda one: -first.right(one[1].classes))[:CHOSEN]:
        more = _answers(rest, fed, classifier.fit)
        other = np.concatenate([start.classes, more.classes])
        if _is_better(predictions, other, sample.labels, PREPARED_GAIN):
            better.append((sample.right(other), -(start.loss + more.loss), fed.words))
    if not better:
        return []
    share, _, words = max(better, key=lambda one: one[:2])
    shares = f"{100 * share:.1f} % instead of {100 * sample.right(predictions):.1f} %"
    return [
        f"{classifier.name} does better with {words} ({shares}): check your training code. On {len(predictions)} images it was "
        f"fed as [models.{classifier.name}] declares it, mean = {numbers(classifier.mean)}, std = {numbers(classifier.std)}"
    ]


class _Answers(NamedTuple):
    """Predicted classes, and the sum of the cross entropy, which tells ways apart that are right as often."""

    classes: Classes
    loss: float


def _answers(sample: _Sample, fed: OtherWay, fit: Preparation) -> _Answers:
    """Classes are -1 where it gives no logits: what the network was not made for may well give NaN."""
    if not len(sample.images):
        return _Answers(sample.labels, 0.0)
    try:
        logits = sample.fed_to(fed, fit).logits(fed.classifier, FIRST)
        loss = functional.cross_entropy(logits, torch.from_numpy(sample.labels), reduction="sum")
        return _Answers(_named(logits), float(loss))
    except OutOfMemoryError:
        raise
    except RobustnessError as error:
        if not (fed.may_refuse or isinstance(error, NoLogitsError)):
            sample.raised.append(error)
        return _Answers(np.full_like(sample.labels, -1), np.inf)


def _is_better(before: Classes, after: Classes, labels: Classes, gain: float) -> bool:
    """Whether `after` names a share `gain` more of the images right, and that by no chance.

    It also beats the commonest label: a network that names one class whatever it sees may by luck come to name another one.
    """
    if len(labels) < FEWEST:
        return False
    commonest = np.full_like(labels, np.bincount(labels).argmax())
    lost = Change.from_predictions(after, before, labels)
    constant = Change.from_predictions(after, commonest, labels)
    return lost.drop >= gain and p_value(lost) < CHANCE and p_value(constant) < CHANCE


def _named(logits: torch.Tensor) -> Classes:
    classes: Classes = logits.argmax(dim=1).numpy()
    return classes
