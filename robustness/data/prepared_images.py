"""A set as a network sees it: every image prepared once, in parallel, and read in batches from then on.

What is large, or lies in files, goes into one file of the store, which all processes map: nothing holds a whole set.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from robustness.data.content import ContentHash, has_all, keep_hash, known_hash
from robustness.data.each import each
from robustness.data.image_set import ImageSet
from robustness.data.pictures import Block, Files, Pictures
from robustness.data.pillow import readers
from robustness.data.preparation import Preparation, prepare
from robustness.errors import RobustnessError
from robustness.files.cache import keeping, locked, mark_used
from robustness.files.folders import cache_folder
from robustness.files.growing import Growing, open_grown
from robustness.files.housekeeping import size_limit

VERSION = 1  # of what is stored; raise it when a preparation or this layout changes
IN_MEMORY = 32 * 2**20
"""Bytes that a set which is in memory already may take once more."""
FEW = 256
"""Images of a part of a set that are prepared by themselves, where the whole set is not prepared yet."""

Images = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Rows:
    """All pictures at one size. images: uint8 of shape (N, height, width, channels). path: of the file that they are mapped
    from. digests: uint64 of shape (N,), of each image in the file. checked: which of them were found to be right.
    """

    images: Images
    path: Path | None = None
    digests: npt.NDArray[np.uint64] | None = None
    checked: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def check(self, rows: Places) -> None:
        """Those images are what was written: a `RobustnessError` where the disk has others."""
        if self.digests is None:
            return
        for row in rows[~self.checked[rows]]:
            if _digest(self.images[row]) != self.digests[row]:
                assert self.path is not None
                self.path.unlink(missing_ok=True)
                raise RobustnessError(
                    f"{self.path}: was damaged on the disk, and is removed; run again to prepare the images anew"
                )
            self.checked[row] = True


@dataclass(frozen=True, eq=False)
class Prepared:
    """The images of a set as a network sees them."""

    stored: _Rows
    rows: Places

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, places: Places) -> Images:
        """The images at those places: uint8 of shape (n, height, width, channels), a copy."""
        rows = self.rows[places]
        self.stored.check(rows)
        batch: Images = np.asarray(self.stored.images[rows])
        return batch

    def whole(self) -> Images:
        """All of them, read-only; mapped where they are stored, so that only what is read comes into memory."""
        self.stored.check(self.rows)
        if np.array_equal(self.rows, np.arange(len(self.stored.images))):
            return self.stored.images
        images = self.stored.images[self.rows]
        images.flags.writeable = False
        return images


_ready: WeakKeyDictionary[Pictures, dict[Preparation, _Rows]] = WeakKeyDictionary()
"""What is prepared, or mapped already, for as long as somebody holds the pictures."""


def prepared(image_set: ImageSet, to: Preparation) -> Prepared:
    """The set brought to a network's size, once. A `RobustnessError` names each image that cannot be."""
    ready = _ready.setdefault(image_set.pictures, {})
    if to not in ready:
        whole = has_all(image_set)
        if not whole and len(image_set) <= FEW and not _file(image_set.pictures, to).exists():
            return Prepared(_in_memory(image_set, to), np.arange(len(image_set)))
        base = image_set if whole else _base(image_set)
        size = len(base) * to.height * to.width * to.channels
        small = isinstance(base.pictures, Block) and size <= IN_MEMORY
        ready[to] = _in_memory(base, to) if small else _stored(base, to, size, hashing=whole)
    return Prepared(ready[to], image_set.rows)


def fit_images(image_set: ImageSet, fit: Preparation) -> Images:
    """All images at one size: uint8 of shape (N, height, width, channels), read-only."""
    return prepared(image_set, fit).whole()


def _base(image_set: ImageSet) -> ImageSet:
    """All of its pictures; what they show is of no account here."""
    count = len(image_set.pictures)
    return ImageSet.of(image_set.name, image_set.pictures, np.zeros(count, np.int64), image_set.class_names)


def _in_memory(image_set: ImageSet, to: Preparation) -> _Rows:
    images = np.empty((len(image_set), *to.shape, to.channels), dtype=np.uint8)
    for place, _, image in each(image_set, _work(image_set.pictures, to), f"preparing {image_set.name}"):
        images[place] = image
    images.flags.writeable = False
    return _Rows(images)


def _work(pictures: Pictures, to: Preparation) -> partial[Images]:
    if isinstance(pictures, Block) and pictures.prepared is not None and pictures.prepared == to:
        return partial(prepare, to=Preparation(*to.shape, to.channels, exact=True))
    if isinstance(pictures, Block) and pictures.from_floats and not to.exact:
        raise RobustnessError(
            f"{pictures.name}: gives float tensors, as after ToTensor, so its images are prepared already: say so under the "
            'model, prepare = "done", or give uint8 images and leave resizing to the preparation'
        )
    return partial(prepare, to=to)


def _stored(image_set: ImageSet, to: Preparation, size: int, hashing: bool) -> _Rows:
    """From the store, or into it. hashing: the set's content hash is to be known too."""
    path = _file(image_set.pictures, to)
    with locked(path):
        rows = _read(path, image_set, to)
        if rows is None:
            _check_room(path.parent, image_set, to, size)
            _write(path, image_set, to, hashing)
            rows = _read(path, image_set, to)
        else:
            mark_used(path)
    if rows is None:
        raise RobustnessError(f"{path}: cannot be read back after it was written; look at the disk")
    return rows


def _write(path: Path, image_set: ImageSet, to: Preparation, hashing: bool) -> None:
    work = _work(image_set.pictures, to)
    content = ContentHash(image_set) if hashing and _is_to_hash(image_set) else None
    digests = np.zeros(len(image_set), np.uint64)
    with keeping(path) as partial_file, partial_file.open("r+b") as file:
        growing = Growing(file)
        for place, picture, image in each(image_set, work, f"preparing {image_set.name} ({to})"):
            growing.append(image)
            digests[place] = _digest(image)
            if content is not None:
                content.add(picture)
        growing.finish({"digests": digests}, {"preparation": str(to)})
    if content is not None:
        keep_hash(image_set, content.hexdigest())


def _is_to_hash(image_set: ImageSet) -> bool:
    return isinstance(image_set.pictures, Files) and known_hash(image_set) is None


def _read(path: Path, image_set: ImageSet, to: Preparation) -> _Rows | None:
    grown = open_grown(path)
    shape = (len(image_set), *to.shape, to.channels)
    if grown is None or len(grown.long) != np.prod(shape, dtype=np.int64) or grown.about != {"preparation": str(to)}:
        return None
    digests = grown.arrays.get("digests")
    if digests is None or digests.shape != shape[:1]:
        return None
    return _Rows(grown.long.reshape(shape), path, digests, np.zeros(len(image_set), bool))


def _file(pictures: Pictures, to: Preparation) -> Path:
    about = hashlib.sha256(f"{VERSION} {readers()} {pictures.key} {to}".encode()).hexdigest()
    return cache_folder() / "images" / f"{about}.safetensors"


def _check_room(folder: Path, image_set: ImageSet, to: Preparation, size: int) -> None:
    """Before the work starts: whether its result has room, on the disk and in the store."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise RobustnessError(
            f"{image_set.name}: prepared ({to}) takes {_gigabytes(size)}, and {folder} has {_gigabytes(free)} left: make room, "
            "or name another folder with ROBUSTNESS_CACHE"
        )
    if size > (limit := size_limit()):
        tqdm.write(
            f"{image_set.name}: prepared ({to}) takes {_gigabytes(size)}, more than the store's limit of {_gigabytes(limit)}: "
            "it is removed when another run starts an hour later, and prepared again; raise ROBUSTNESS_CACHE_SIZE to keep it",
            file=sys.stderr,
        )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"


def _digest(image: Images) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(np.ascontiguousarray(image).data).digest()[:8], "little"))


def is_whole(path: Path) -> bool:
    """Whether every image in a file of the store is what was written."""
    grown = open_grown(path)
    digests = None if grown is None else grown.arrays.get("digests")
    if grown is None or digests is None or len(digests) == 0 or len(grown.long) % len(digests):
        return False
    images = grown.long.reshape(len(digests), -1)
    return all(_digest(image) == digest for image, digest in zip(images, digests, strict=True))
