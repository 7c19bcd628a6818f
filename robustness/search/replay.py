"""A finding made of what a hunt found, and tried again on the next release."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.evaluation.forward import backing_off
from robustness.evaluation.identity import identify
from robustness.evaluation.rule import class_name
from robustness.models.classifier import Classifier
from robustness.search.critical import LEVELS
from robustness.search.finding import SCHEMA, Finding, Picture, perturbations
from robustness.search.hunt import Batch, Found
from robustness.search.perturbation import Perturbation


@dataclass(frozen=True, eq=False)
class Replayed:
    """A finding tried again, perhaps on another network.

    right: of the finding's images, how many are named right without noise. flipped: how many of those are named otherwise with
    it. broken: whether that is more than the finding's budget. same_model: whether the network is the one it was found on.
    before, after: the finding's image without and with its smallest perturbation, uint8 of shape (size, size, 3).
    named_before, named_after: the names of their classes.
    """

    right: int
    flipped: int
    broken: bool
    same_model: bool
    before: Picture
    after: Picture
    named_before: str
    named_after: str


def make_finding(found: Found, batch: Batch, budget: Decimal) -> Finding:
    """What was found on these images, as it is kept."""
    names, image_set = batch.image_set.class_names, batch.image_set
    label = names[image_set.labels[found.place]]
    return Finding(
        schema=SCHEMA,
        model=batch.classifier.name,
        model_hash=identify(batch.classifier).hash,
        data=image_set.name,
        data_hash=image_set.content_hash,
        contract=_contract(found.perturbation),
        perturbation=str(found.perturbation),
        seed=found.perturbation.seed,
        images=batch.images,
        right=len(batch.right),
        flipped=len(found.flipped),
        budget=str(budget),
        flipped_images=tuple(sorted(image_set.index[found.flipped].tolist())),
        image=int(image_set.index[found.place]),
        label=label,
        before=label,  # only images that were named right are looked at
        after=names[found.after],
        smallest=str(found.smallest),
    )


def replay(finding: Finding, classifier: Classifier, image_set: ImageSet) -> Replayed:
    """Try a finding on a network, the one it was found on or a later one.

    The images and the noise have to be the finding's; others are a `RobustnessError`.
    """
    if image_set.content_hash != finding.data_hash:
        raise RobustnessError(
            f"the finding {finding.name} was made on other data, {finding.data} {finding.data_hash[:12]}, "
            f"not {image_set.name} {image_set.content_hash[:12]}"
        )
    perturbation, smallest = perturbations(finding)
    if _contract(perturbation) != finding.contract:
        raise RobustnessError(
            f"the finding {finding.name} was made under noise contract {_numbers(finding.contract)}, "
            f"now that of {perturbation} is {_numbers(_contract(perturbation))}"
        )
    return backing_off(lambda: _try(finding, perturbation, smallest, classifier, image_set))


def _try(
    finding: Finding, perturbation: Perturbation, smallest: Perturbation, classifier: Classifier, image_set: ImageSet
) -> Replayed:
    place = np.flatnonzero(image_set.index == finding.image)
    if not len(place):
        raise RobustnessError(
            f"the finding {finding.name} is about image {finding.image}, which {image_set.name} does not have"
        )
    batch = Batch(classifier, image_set, finding.images)
    named = [class_name(image_set.class_names, batch.named(place, smallest, np.array([level]))[0]) for level in (0, LEVELS)]
    before, after = batch.pictures(int(place[0]), smallest)
    return Replayed(
        right=len(batch.right),
        flipped=int(batch.flips(perturbation).sum()),
        broken=batch.rate(perturbation) > Fraction(finding.budget),
        same_model=identify(classifier).hash == finding.model_hash,
        before=before,
        after=after,
        named_before=named[0],
        named_after=named[1],
    )


def _contract(perturbation: Perturbation) -> tuple[int, ...]:
    return tuple(noise.contract for noise in perturbation.noises)


def _numbers(contract: tuple[int, ...]) -> str:
    return " + ".join(map(str, contract))
