"""An image set: images of any size, wherever they are, with their labels, class names and places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from robustness.data.picture import Picture
from robustness.data.pictures import Block, Pictures
from robustness.data.preparation import Preparation, prepare
from robustness.errors import RobustnessError, nearest

MOST_CLASSES = 32_767
"""Predictions are kept as int16, and one number says that a network names no class."""


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
    """N images at their own sizes.

    pictures: where the images are, perhaps with others.
    rows: int64 of shape (N,), which of `pictures` are this set's, in its order.
    labels: int64 of shape (N,), indices into `class_names`.
    index: int64 of shape (N,), each image's place in the set it came from: a subset keeps them, so it meets the same noise.
    tracks: int64 of shape (N,) or None; frames of one physical object share a number.
    dependent: why the images are known not to be independent although `tracks` are missing, or None.
    left_out: what lay beside the images and was none, in a sentence, or None.
    group_names: what the tracks are called, by their numbers; None where they have no names but these numbers.
    """

    name: str
    pictures: Pictures
    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    index: npt.NDArray[np.int64]
    tracks: npt.NDArray[np.int64] | None = None
    dependent: str | None = None
    left_out: str | None = None
    group_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("rows", "labels", "index", "tracks"):
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
    def of(
        cls,
        name: str,
        pictures: Pictures,
        labels: Sequence[int] | npt.NDArray[np.int64],
        class_names: Sequence[str],
        tracks: Sequence[int] | npt.NDArray[np.int64] | None = None,
        left_out: str | None = None,
        group_names: Sequence[str] | None = None,
    ) -> ImageSet:
        """The set of all these pictures."""
        if len(pictures) != len(labels):
            raise RobustnessError(f"the image set {name} has {len(pictures)} images and {len(labels)} labels")
        places = np.arange(len(labels), dtype=np.int64)
        return cls(
            name=name,
            pictures=pictures,
            rows=places,
            labels=np.asarray(labels, dtype=np.int64),
            class_names=tuple(class_names),
            index=places,
            tracks=None if tracks is None else np.asarray(tracks, dtype=np.int64),
            left_out=left_out,
            group_names=None if group_names is None else tuple(group_names),
        )

    @classmethod
    def from_images(
        cls,
        name: str,
        images: Iterable[npt.NDArray[np.uint8]],
        labels: Sequence[int],
        class_names: Sequence[str],
        tracks: Sequence[int] | None = None,
    ) -> ImageSet:
        """A set of uint8 images of shape (height, width, channels), RGB or of any other number of channels, all the same."""
        kept = list(images)
        channels = kept[0].shape[2] if kept and kept[0].ndim == 3 else 3
        for place, image in enumerate(kept):
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != channels or not image.size:
                raise RobustnessError(
                    f"image {place} of {name} is {image.dtype} of {image.shape}, not uint8 (H, W, {channels})"
                )
        pixels = np.concatenate([image.reshape(-1) for image in kept]) if kept else np.empty(0, np.uint8)
        shapes = np.array([image.shape[:2] for image in kept], dtype=np.int32).reshape(-1, 2)
        return cls.of(name, Block(pixels, shapes, channels, name=name), labels, class_names, tracks)

    def __repr__(self) -> str:
        return f"<ImageSet {self.name}: {len(self):,} images>"

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        return (self[place] for place in range(len(self)))

    def picture(self, place: int) -> Picture:
        """One image as it is stored."""
        return self.pictures[int(self.rows[place])]

    def __getitem__(self, place: int) -> npt.NDArray[np.uint8]:
        """One image to look at, uint8 of shape (height, width, channels): upright, grey ones in RGB, colours under alpha as
        they are stored. One of more than 8 bits is an error here; a model's preparation may say how it comes to 8.
        """
        place = range(len(self))[place]
        picture = self.picture(place)
        if picture.is_plain:
            return picture.rgb
        channels = 3 if picture.pixels.shape[2] == 1 else picture.pixels.shape[2]
        height, width = picture.pixels.shape[:2]
        if picture.orientation >= 5:
            height, width = width, height
        try:
            return prepare(picture, Preparation(height, width, channels, exact=True, background="ignored"))
        except ValueError as error:
            raise RobustnessError(f"{self.name_of(place)}: {error}") from error

    def name_of(self, place: int) -> str:
        """What a user knows an image by."""
        return self.pictures.name_of(int(self.rows[place]))

    @cached_property
    def shapes(self) -> npt.NDArray[np.int32]:
        """int32 of shape (N, 2): height and width of each image as it is stored."""
        shapes = np.array([self.pictures.shape_of(int(row)) for row in self.rows], dtype=np.int32).reshape(-1, 2)
        shapes.flags.writeable = False
        return shapes

    def take(self, places: npt.ArrayLike, name: str | None = None) -> ImageSet:
        """The images at those places, or where a mask is true, as a set of its own that remembers where they came from."""
        chosen = np.asarray(places)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        chosen = chosen.astype(np.int64)
        return replace(
            self,
            name=name or f"{self.name}[{len(chosen)}]",
            rows=self.rows[chosen],
            labels=self.labels[chosen],
            index=self.index[chosen],
            tracks=None if self.tracks is None else self.tracks[chosen],
        )

    def only(self, *class_names: str) -> ImageSet:
        """The images of those classes."""
        wanted = [self.number_of(class_name) for class_name in class_names]
        return self.take(np.flatnonzero(np.isin(self.labels, wanted)), f"{self.name}.only({', '.join(class_names)})")

    def number_of(self, class_name: str) -> int:
        """The label of a class; a `RobustnessError` where there is none of that name."""
        if class_name not in self.class_names:
            raise RobustnessError(f"{self.name} has no class {class_name!r}: {nearest(class_name, self.class_names)}")
        return self.class_names.index(class_name)

    def is_of_group(self, name: str) -> npt.NDArray[np.bool_]:
        """Where an image is of the group of that name: bool of shape (N,). A `RobustnessError` where none is."""
        if self.tracks is None:
            raise RobustnessError(f"{self.name} has no groups: give each image one, or leave the group {name!r} out")
        by_number = {int(track): str(track) for track in np.unique(self.tracks)}
        if self.group_names is not None:
            by_number = {number: self.group_names[number] for number in by_number}
        numbers = [number for number, own in by_number.items() if own == name]
        if not numbers:
            raise RobustnessError(f"{self.name} has no group {name!r}: {nearest(name, by_number.values())}")
        return np.isin(self.tracks, numbers)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over images, labels and places: equal for equal content, wherever it was read from."""
        from robustness.data.content import content_hash  # which reads sets

        return content_hash(self)
