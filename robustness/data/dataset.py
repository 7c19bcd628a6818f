"""A torch `Dataset` of the user's own: read item by item, and then once more, since only what is there again was measured."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from robustness.data.decode import to_rgb
from robustness.data.image_set import ImageSet, check_class_names
from robustness.data.pillow import insist, whole_images
from robustness.errors import RobustnessError, described

AGAIN = 1000
"""Images that are read again, at least: a small set several times. Augmentation of one image in a hundred then stays unseen
with probability 0.99^1000, 4 in 100,000."""

Item = tuple[npt.NDArray[np.uint8], int]


def read_twice(name: str, make: Callable[[], Any]) -> ImageSet:
    """The images of what `make` returns, once they were read again and came out the same.

    make: gives a dataset, see `read_dataset`. The second one is read from the last image to the first: so random numbers that
    are drawn one after another come to other images, even where `make` sets a seed.
    """
    with whole_images():
        image_set = read_dataset(name, make())
        insist()
        _check_same(image_set, make())
    return image_set


def read_dataset(name: str, dataset: Any) -> ImageSet:
    """A map-style torch `Dataset` of (image, label): images as PIL, uint8 (H, W, 3) arrays or uint8 (3, H, W) tensors."""
    size = _size(name, dataset)
    named = getattr(dataset, "classes", None)
    if named is not None:
        check_class_names(name, list(map(str, named)))
    with whole_images():
        places = tqdm(range(size), f"reading {name}", unit="image", disable=None)
        pairs = [item for _, item in _items(name, dataset, places)]
        _check_end(name, dataset, pairs)
    labels = [label for _, label in pairs]
    class_names = range(max(labels, default=-1) + 1) if named is None else named
    return ImageSet.from_images(name, (image for image, _ in pairs), labels, [str(name) for name in class_names])


def _size(name: str, dataset: Any) -> int:
    try:
        return len(dataset)
    except (TypeError, ValueError, AttributeError) as error:
        raise _no_dataset(name, error) from error


def _items(name: str, dataset: Any, places: Iterable[int]) -> Iterator[tuple[int, Item]]:
    """The images at those places, uint8 of shape (H, W, 3), and their labels."""
    for place in places:
        insist()
        try:
            item = dataset[place]
        except RobustnessError:
            raise
        except NotImplementedError as error:  # torch's IterableDataset
            raise _no_dataset(name, error) from error
        except (Exception, SystemExit) as error:  # the user's code may raise anything, and may try to end the run
            raise RobustnessError(f"{name}: image {place} of {_size(name, dataset)} raised {described(error)}") from error
        try:
            image, label = item
            label = operator.index(label.item() if hasattr(label, "item") else label)
        except (TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise _no_dataset(name, error) from error
        yield place, (_rgb(name, place, image), label)


def _check_end(name: str, dataset: Any, pairs: Sequence[Item]) -> None:
    """Beyond its length there is no image, or one that is known: some datasets begin again there."""
    size = len(pairs)
    try:
        ((_, (image, label)),) = _items(name, dataset, [size])
    except RobustnessError:  # as it should; which exception of its own is its business
        return
    if any(label == known and np.array_equal(image, pixels) for pixels, known in pairs):
        return
    raise RobustnessError(
        f"{name}: has a length of {size}, and gives another image at {size}, which would not be measured: let __len__ say how "
        "many there are, or __getitem__ raise an IndexError from there on"
    )


def _check_same(image_set: ImageSet, dataset: Any) -> None:
    """A `RobustnessError` where the dataset is another than the set that was read before."""
    name, size = image_set.name, len(image_set)
    if (found := _size(name, dataset)) != size:
        raise _not_fixed(name, f"had {size} images, and {found} when it was made again")
    classes = getattr(dataset, "classes", None)
    if classes is not None and tuple(map(str, classes)) != image_set.class_names:
        raise _not_fixed(name, "had other classes when it was made again")
    rounds = max(1, -(-AGAIN // size))
    places = tqdm([*reversed(range(size))] * rounds, f"reading {name} again", unit="image", disable=None)
    differing = {
        place: label == image_set.labels[place]
        for place, (image, label) in _items(name, dataset, places)
        if label != image_set.labels[place] or not np.array_equal(image, image_set[place])
    }
    if differing:
        first = min(differing)
        what = "other pixels" if differing[first] else "another label"
        raise _not_fixed(name, f"image {first} had {what} when it was read again, as had {len(differing):,} of {size:,} images")


def _not_fixed(name: str, seen: str) -> RobustnessError:
    return RobustnessError(
        f"{name}: {seen}, so every run would measure other images: turn augmentation off, and seed and sort what is chosen"
    )


def _no_dataset(name: str, error: Exception) -> RobustnessError:
    return RobustnessError(f"{name}: not a Dataset of (image, label) with a length ({error})")


def _rgb(name: str, place: int, image: Any) -> npt.NDArray[np.uint8]:
    """A copy: some datasets hand out the same buffer each time."""
    if isinstance(image, Image.Image):
        try:
            return to_rgb(image)
        except (ValueError, OSError, SyntaxError) as error:  # a file that Pillow opened and only now reads
            raise RobustnessError(f"{name}: image {place}: {error}") from error
    pixels = np.asarray(image).copy()
    if pixels.dtype != np.uint8:
        raise RobustnessError(
            f"{name}: images are {pixels.dtype}, not uint8; leave scaling and normalisation to the model's declaration"
        )
    if pixels.ndim not in (2, 3):
        raise RobustnessError(f"{name}: an image has shape {pixels.shape}, not (H, W), (H, W, 3) or, as a tensor, (3, H, W)")
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3) and not isinstance(image, np.ndarray):
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)) if pixels.shape[2] == 1 else pixels)
