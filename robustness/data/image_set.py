"""An image set: images of any size as one block of bytes, with labels, class names and their places."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from robustness.errors import RobustnessError, nearest


def check_class_names(where: str, class_names: Sequence[str]) -> None:
    """A `RobustnessError` where two classes have one name, or two that look alike: a limit on one would speak of both."""
    alike: dict[str, int] = {}
    for number, name in enumerate(class_names):
        shown = " ".join(unicodedata.normalize("NFC", name).split())
        if (first := alike.setdefault(shown, number)) != number:
            raise RobustnessError(
                f"{where}: the classes {first} and {number} have one name, {class_names[first]!a} and {name!a}; name them apart"
            )


@dataclass(frozen=True, eq=False)
class ImageSet:
    """N images in RGB, at their own sizes.

    pixels: uint8, all images one after the other, each in (y, x, channel) order.
    shapes: int32 of shape (N, 2), height and width of each image.
    labels: int64 of shape (N,), indices into `class_names`.
    index: int64 of shape (N,), each image's place in the set it came from: a subset keeps them, so it meets the same noise.
    tracks: int64 of shape (N,) or None; frames of one physical object share a number.
    dependent: why the images are known not to be independent although `tracks` are missing, or None.
    left_out: what lay beside the images and was none, in a sentence, or None.
    """

    name: str
    pixels: npt.NDArray[np.uint8]
    shapes: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    index: npt.NDArray[np.int64]
    tracks: npt.NDArray[np.int64] | None = None
    dependent: str | None = None
    left_out: str | None = None

    def __post_init__(self) -> None:
        for name in ("pixels", "shapes", "labels", "index", "tracks"):
            if (array := getattr(self, name)) is not None:
                view = array.view()
                view.flags.writeable = False  # hashes are computed once
                object.__setattr__(self, name, view)
        if not len(self.labels):
            raise RobustnessError(f"the image set {self.name} is empty")
        if self.labels.min() < 0 or self.labels.max() >= len(self.class_names):
            raise RobustnessError(
                f"the image set {self.name} has labels from {self.labels.min()} to {self.labels.max()}, "
                f"but {len(self.class_names)} class names: labels lie in 0..{len(self.class_names) - 1}"
            )
        check_class_names(f"the image set {self.name}", self.class_names)

    @classmethod
    def from_images(
        cls,
        name: str,
        images: Iterable[npt.NDArray[np.uint8]],
        labels: Sequence[int],
        class_names: Sequence[str],
        tracks: Sequence[int] | None = None,
    ) -> ImageSet:
        """A set of uint8 RGB images of shape (height, width, 3)."""
        kept = list(images)
        if len(kept) != len(labels):
            raise RobustnessError(f"the image set {name} has {len(kept)} images and {len(labels)} labels")
        for place, image in enumerate(kept):
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
                raise RobustnessError(f"image {place} of {name} is {image.dtype} of {image.shape}, not uint8 (H, W, 3)")
        return cls(
            name=name,
            pixels=np.concatenate([image.reshape(-1) for image in kept]) if kept else np.empty(0, np.uint8),
            shapes=np.array([image.shape[:2] for image in kept], dtype=np.int32).reshape(-1, 2),
            labels=np.asarray(labels, dtype=np.int64),
            class_names=tuple(class_names),
            index=np.arange(len(kept), dtype=np.int64),
            tracks=None if tracks is None else np.asarray(tracks, dtype=np.int64),
        )

    def __repr__(self) -> str:
        return f"<ImageSet {self.name}: {len(self):,} images>"

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> npt.NDArray[np.uint8]:
        """One image, uint8 of shape (height, width, 3), as a view."""
        place = range(len(self))[place]
        height, width = (int(side) for side in self.shapes[place])
        start = int(self._starts[place])
        return self.pixels[start : start + 3 * height * width].reshape(height, width, 3)

    def take(self, places: npt.ArrayLike, name: str | None = None) -> ImageSet:
        """The images at those places, or where a mask is true, as a set of its own that remembers where they came from."""
        chosen = np.asarray(places)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        chosen = chosen.astype(np.int64)
        return ImageSet(
            name=name or f"{self.name}[{len(chosen)}]",
            pixels=np.concatenate([self[place].reshape(-1) for place in chosen]) if len(chosen) else self.pixels[:0],
            shapes=self.shapes[chosen],
            labels=self.labels[chosen],
            class_names=self.class_names,
            index=self.index[chosen],
            tracks=None if self.tracks is None else self.tracks[chosen],
            dependent=self.dependent,
            left_out=self.left_out,
        )

    def only(self, *class_names: str) -> ImageSet:
        """The images of those classes."""
        for class_name in class_names:
            if class_name not in self.class_names:
                raise RobustnessError(f"{self.name} has no class {class_name!r}: {nearest(class_name, self.class_names)}")
        wanted = [self.class_names.index(class_name) for class_name in class_names]
        return self.take(np.flatnonzero(np.isin(self.labels, wanted)), f"{self.name}.only({', '.join(class_names)})")

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over sizes, pixels, labels and places: equal for equal content, wherever it was read from."""
        digest = hashlib.sha256(b"image set 1")
        for part in (self.shapes, self.labels, self.index, self.pixels):
            digest.update(str(part.shape).encode())
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        sizes = 3 * self.shapes.astype(np.int64).prod(axis=1)
        return np.concatenate([[0], np.cumsum(sizes)])
