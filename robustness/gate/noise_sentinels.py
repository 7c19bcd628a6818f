"""Sentinels of declared noises: are they noise at all, and the same for whoever asks?

What is built in is held to that by tests; a transform of the user's own, or of a library's, is asked here, on a few images. How
much a level changes depends on the images, so every noise is asked that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet, Preparation, prepared
from robustness.errors import RobustnessError
from robustness.evaluation.order import evaluation_order
from robustness.evaluation.store import Store
from robustness.models.classifier import Classifier
from robustness.noise import Custom, Noise, apply

IMAGES = 16
"""How many are looked at."""
ALIKE = 0.25
"""Up to this correlation of neighbouring pixels, a pattern looks drawn pixel by pixel; of 1,000 drawn ones, none has more."""
FAINT = 1000
"""A noise that changes fewer than one in so many values is next to none."""
SHARES = ("a share of the pixels", "a share of the values")
"""Units of magnitudes that are themselves the share of what changes."""
SEEDED = "take them from numpy.random, random or torch, which are seeded from the seed and the image before each call"

Images = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]


def noise_mistakes(classifier: Classifier, image_set: ImageSet, noises: Sequence[Noise], seed: int) -> list[str]:
    """A sentence for each declared noise that is none, or not the same for whoever asks."""
    declared = dict.fromkeys(noise for noise in noises if isinstance(noise, Custom))
    if not declared:
        return []
    images, index = _first_images(image_set, classifier.fit)
    return [sentence for noise in declared for sentence in mistakes(noise, images, index, seed)]


def faint(classifier: Classifier, image_set: ImageSet, noise: Noise, seed: int, store: Store, run: str) -> str | None:
    """What `is_faint` says of a noise on the first images as a model sees them; kept as a measurement would be."""
    about = [str(noise), noise.contract, seed, image_set.content_hash, str(classifier.fit), IMAGES, FAINT]
    key = hashlib.sha256(json.dumps(["faint", *about]).encode()).hexdigest()
    said = store.remember(
        key, None if noise.bit_identical else run, lambda: is_faint(noise, *_first_images(image_set, classifier.fit), seed)
    )
    return said[0] if said else None


def _first_images(image_set: ImageSet, fit: Preparation) -> tuple[Images, Indices]:
    """Those that are looked at: the first in the order of evaluation."""
    places = evaluation_order(image_set.index)[:IMAGES]
    return prepared(image_set, fit).batch(places), image_set.index[places]


def mistakes(noise: Custom, images: Images, index: Indices, seed: int) -> list[str]:
    """What is wrong with a noise, in a sentence or none. images: uint8 of shape (N, H, W, C)."""
    name = f"{noise} ({noise.load})"
    try:
        first = apply(noise, images, index, seed)
        again, turned = apply(noise, images, index, seed), apply(noise, images[::-1], index[::-1], seed)[::-1]
        patterns = _patterns(noise, images, index, seed)
    except RobustnessError:
        return []  # whoever measures with it says so
    if changed := _differing(first, again):
        return [
            f"{name} makes other bytes each time it is called: {changed} of {len(images)} images differ at one seed. Its "
            f"random numbers are its own; {SEEDED}"
        ]
    if changed := _differing(first, turned):
        return [
            f"{name} depends on what it was called with before: {changed} of {len(images)} images differ in another order. Let "
            "it keep nothing from call to call"
        ]
    if not (first != images).any():
        return [
            f"{name} changes not one byte of {len(images)} images: {noise.magnitude} may be meant for images of 0 to 1, and "
            "these are bytes of 0 to 255. What is to be measured without noise is called clean"
        ]
    if patterns and _is_drawn(patterns[0]) and all(np.array_equal(one[1:], patterns[0][1:]) for one in patterns):
        return [
            f"{name} puts the same random pattern on every image, whatever the seed: its generator was made with a seed of "
            f"its own. Of its random numbers, {SEEDED}. If that is meant, add `NAME.fixed_pattern = True` below the function"
        ]
    return []


def is_faint(noise: Noise, images: Images, index: Indices, seed: int) -> list[str]:
    """A sentence where a noise away from its identity changes fewer than one value in a thousand, or none.

    images: uint8 of shape (N, H, W, C). Where the magnitude is itself the share that changes, what was declared counts, and not
    how many of so few images it happens to hit: whoever writes 0.001 means one in a thousand.
    """
    if noise.level is None or noise.level == noise.identity:  # clean
        return []
    counts = f" ({noise.magnitude} counts {noise.unit})" if noise.unit else ""
    so = f"next to no noise{counts}, so what holds under it says little that clean images do not say"
    if noise.unit in SHARES:
        return [f"{noise} is to change less than one value in a thousand: {so}"] if noise.level * FAINT < 1 else []
    try:
        changed = int((apply(noise, images, index, seed) != images).sum())
    except RobustnessError:
        return []  # whoever measures with it says so
    if changed * FAINT >= images.size:
        return []
    shape, count = " x ".join(map(str, images.shape[1:])), "1 image" if len(images) == 1 else f"{len(images)} images"
    return [f"{noise} changes {changed:,} of {images.size:,} values of {count} of {shape}: {so}"]


def _differing(one: Images, other: Images) -> int:
    """How many images are not the same."""
    return int((one != other).reshape(len(one), -1).any(axis=1).sum())


def _patterns(noise: Custom, images: Images, index: Indices, seed: int) -> list[npt.NDArray[np.float64]]:
    """What it adds to two grey images, which differ in a pixel of the first row, under two seeds; none where one is meant."""
    if noise.has_fixed_pattern:
        return []
    grey = np.full((2, *images.shape[1:]), 128, dtype=np.uint8)
    grey[1, 0, 0] = 129  # another image, for a noise that seeds itself by what it is put on
    places = np.array([index[0], index[-1] + 1])
    return [pattern - 128.0 for of in (seed, (seed + 1) % 2**64) for pattern in apply(noise, grey, places, of)]


def _is_drawn(pattern: npt.NDArray[np.float64]) -> bool:
    """Whether neighbouring pixels have next to nothing to do with each other."""
    if min(pattern.shape[:2]) < 8 or not pattern.std():
        return False
    around = pattern - pattern.mean(axis=(0, 1))
    variance = float((around**2).mean())
    beside, below = float((around[:, 1:] * around[:, :-1]).mean()), float((around[1:] * around[:-1]).mean())
    return max(abs(beside), abs(below)) <= ALIKE * variance
