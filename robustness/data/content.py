"""What a set is, as a hash over its images: computed in one pass, and kept for sets that lie in files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from robustness.data.each import each
from robustness.data.image_set import ImageSet
from robustness.data.picture import Picture
from robustness.data.pictures import Block, Files
from robustness.files.arrays import read_arrays, write_arrays
from robustness.files.cache import keeping, locked, mark_used
from robustness.files.folders import cache_folder


class ContentHash:
    """The hash of a set, fed picture by picture in its order.

    Of plain pictures it is SHA-256 over sizes, labels, places and RGB pixels, whatever they were stored as. Others, such as
    transparent ones, are hashed as they are stored too, since what a network sees of them depends on its preparation.
    """

    def __init__(self, image_set: ImageSet) -> None:
        self.shapes, self.place = image_set.shapes, 0
        self.others: hashlib._Hash | None = None
        channels = image_set.pictures.channels if isinstance(image_set.pictures, Block) else 3
        channels = 3 if channels == 1 else channels
        self.plain = hashlib.sha256(b"image set 1")
        for part in (image_set.shapes, image_set.labels, image_set.index):
            self.plain.update(str(part.shape).encode())
            self.plain.update(np.ascontiguousarray(part).data)
        self.plain.update(str((channels * int(image_set.shapes.astype(np.int64).prod(axis=1).sum()),)).encode())
        self.in_block = isinstance(image_set.pictures, Block)

    def add(self, picture: Picture) -> None:
        shape = picture.pixels.shape[:2]
        if picture.is_plain and shape == tuple(self.shapes[self.place]):
            self.plain.update(np.ascontiguousarray(picture.rgb).data)
        elif self.in_block:
            self.plain.update(np.ascontiguousarray(picture.pixels).data)
        else:
            self.others = self.others or hashlib.sha256(b"pictures 1")
            self.others.update(_stored(self.place, picture))
        self.place += 1

    def hexdigest(self) -> str:
        if self.others is None:
            return self.plain.hexdigest()
        return hashlib.sha256(self.plain.digest() + self.others.digest()).hexdigest()


def _stored(place: int, picture: Picture) -> bytes:
    digest = hashlib.sha256(f"{place} {picture.pixels.dtype} {picture.pixels.shape} {picture.orientation}".encode())
    digest.update(np.ascontiguousarray(picture.pixels).data)
    if picture.alpha is not None:
        digest.update(np.ascontiguousarray(picture.alpha).data)
    return digest.digest()


def content_hash(image_set: ImageSet) -> str:
    """SHA-256 over images, labels and places."""
    if (known := known_hash(image_set)) is not None:
        return known
    content = ContentHash(image_set)
    for _, picture, _ in each(image_set, lambda picture: None, f"reading {image_set.name}"):
        content.add(picture)
    keep_hash(image_set, content.hexdigest())
    return content.hexdigest()


def known_hash(image_set: ImageSet) -> str | None:
    """As it was kept while all files are as they were; None where it was not."""
    file = _file(image_set)
    arrays = None if file is None else read_arrays(file)
    if file is None or arrays is None or list(arrays) != ["sha256"]:
        return None
    mark_used(file)
    return arrays["sha256"].tobytes().hex()


def keep_hash(image_set: ImageSet, found: str) -> None:
    if (file := _file(image_set)) is not None:
        with locked(file), keeping(file) as partial:
            write_arrays(partial, {"sha256": np.frombuffer(bytes.fromhex(found), np.uint8)})


def _file(image_set: ImageSet) -> Path | None:
    """Where it is kept: of a whole set in files, whose key speaks of labels and places too."""
    pictures = image_set.pictures
    if not isinstance(pictures, Files) or not has_all(image_set):
        return None
    return cache_folder() / "images" / f"{pictures.key}-content.safetensors"


def has_all(image_set: ImageSet) -> bool:
    """Whether it has all of its pictures, in their order."""
    places = np.arange(len(image_set.pictures))
    return np.array_equal(image_set.rows, places) and np.array_equal(image_set.index, places)
