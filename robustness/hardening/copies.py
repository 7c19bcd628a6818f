"""Images that are one and the same to a network: no training sees a test image, and no copy lies on both sides of a split."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from robustness.data import ImageSet, Preparation, prepared
from robustness.errors import RobustnessError

CHUNK = 256
"""Images read at a time."""


def image_keys(image_set: ImageSet, fit: Preparation) -> list[bytes]:
    """A hash of each image as the network sees it, the same for its mirrored and turned copies."""
    images = prepared(image_set, fit)
    starts = range(0, len(images), CHUNK)
    batches = (images.batch(np.arange(start, min(start + CHUNK, len(images)))) for start in starts)
    return [_key(image) for batch in batches for image in batch]


def _key(image: npt.NDArray[np.uint8]) -> bytes:
    turns = range(0, 4, 1 if image.shape[0] == image.shape[1] else 2)
    copies = (np.rot90(side, turn).tobytes() for side in (image, image[:, ::-1]) for turn in turns)
    return hashlib.sha256(min(copies)).digest()


def refuse_copies(training: ImageSet, keys: list[bytes], test_set: ImageSet, fit: Preparation) -> None:
    """A `RobustnessError` that names the training images that are images of the test set. keys: of the training images."""
    places = dict(zip(image_keys(test_set, fit), range(len(test_set)), strict=True))
    copies = [(place, places[key]) for place, key in enumerate(keys) if key in places]
    if not copies:
        return
    place, original = copies[0]
    more = f", and {len(copies) - 1:,} more are in it too" if len(copies) > 1 else ""
    raise RobustnessError(
        f"{training.name_of(place)}: is an image of the gate's own test set, {test_set.name_of(original)}{more} (as the "
        "network sees them, or mirrored or turned); what is trained on tests nothing: take them out of the training images"
    )


def with_copies_together(image_set: ImageSet, keys: list[bytes]) -> npt.NDArray[np.int64]:
    """The set's tracks, or each image by itself, joined wherever they share an image: int64 of shape (N,)."""
    own = np.arange(len(image_set)) if image_set.tracks is None else image_set.tracks
    tracks = np.unique(own, return_inverse=True)[1]
    numbers = {key: number for number, key in enumerate(keys)}
    same = np.array([numbers[key] for key in keys])
    size = int(tracks.max()) + 1 + int(same.max()) + 1
    shared = coo_array((np.ones(len(tracks)), (tracks, tracks.max() + 1 + same)), shape=(size, size))
    joined = connected_components(shared, directed=False)[1]
    return np.asarray(joined[tracks], dtype=np.int64)
