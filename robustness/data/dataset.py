"""Images that code gives: a torch `Dataset` and its like, read item by item, and then once more, since only what is there again
was measured.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from robustness.data.image_set import ImageSet, check_class_names
from robustness.data.picture import Picture, from_pillow
from robustness.data.pillow import insist, whole_images
from robustness.data.spool import Given, spooled
from robustness.errors import RobustnessError, described, in_one_line

AGAIN = 1000
"""Images that are read again, at least: a small set several times. Augmentation of one image in a hundred then stays unseen
with probability 0.99^1000, 4 in 100,000."""
IMAGE, LABEL = ("image", "img", "pixel_values"), ("label", "labels", "target", "fine_label")
"""Keys of items that are dicts; the first that is there."""
GROUPS = ("group", "track", "patient")
NOT_BYTES = 1e-6
"""How far beyond 0..1 floats may lie by rounding."""


def read_twice(name: str, make: Callable[[], Any]) -> ImageSet:
    """The images of what `make` returns, once they were read again and came out the same.

    make: gives a dataset, see `read_dataset`, or an `ImageSet`. The second one is read from the last image to the first: so
    random numbers that are drawn one after another come to other images, even where `make` sets a seed.
    """
    with whole_images():
        made = make()
        if isinstance(made, ImageSet):
            _check_same_set(name, made, make())
            return made
        image_set = read_dataset(name, made)
        insist()
        _check_same(image_set, make())
    return image_set


def read_dataset(name: str, dataset: Any) -> ImageSet:
    """A map-style dataset with a length, whose items are (image, label), (image, label, group), MAITE's (image, target,
    metadata), or dicts such as `{"image": ..., "label": ...}`.

    Images: of Pillow's, as they are stored; uint8 arrays of shape (H, W), (H, W, channels) or tensors of shape (channels, H, W)
    (MAITE's arrays too); floats of 0..1, as after `ToTensor`, rounded to the nearest of 256 levels. Labels: whole numbers,
    class names, or one-hot.
    """
    size = _size(name, dataset)
    names = class_names_of(name, dataset)
    if names is not None:
        check_class_names(name, names)
    with whole_images():
        places = tqdm(range(size), f"reading {name}", unit="image", delay=0.5, disable=None)
        image_set = spooled(name, (item for _, item in _items(name, dataset, places)), names)
        _check_end(image_set, dataset)
    return image_set


def class_names_of(name: str, dataset: Any) -> tuple[str, ...] | None:
    """Those that a dataset, or the one that it is a part of, tells; None where none does."""
    for names in (getattr(dataset, "classes", None), _of_features(dataset), _of_metadata(dataset)):
        if names is not None:
            try:
                return tuple(map(str, names))
            except TypeError as error:
                raise RobustnessError(f"{name}: its `classes` are no list of names ({in_one_line(error)})") from error
    parts = [
        part for part in [getattr(dataset, "dataset", None), *(getattr(dataset, "datasets", None) or ())] if part is not None
    ]
    told = {names for part in parts if (names := class_names_of(name, part)) is not None}
    if len(told) > 1:
        raise RobustnessError(f"{name}: its parts have other classes each: give them the same `classes`, in the same order")
    return told.pop() if told else None


def _of_features(dataset: Any) -> Any:
    """Of Hugging Face's datasets."""
    features = getattr(dataset, "features", None)
    if not isinstance(features, Mapping):
        return None
    return getattr(next((features[key] for key in LABEL if key in features), None), "names", None)


def _of_metadata(dataset: Any) -> Any:
    """Of MAITE's."""
    metadata = getattr(dataset, "metadata", None)
    named = metadata.get("index2label") if isinstance(metadata, Mapping) else None
    if not isinstance(named, Mapping):
        return None
    by_number = {int(number): label for number, label in named.items()}
    return [by_number.get(number, str(number)) for number in range(max(by_number, default=-1) + 1)]


def _size(name: str, dataset: Any) -> int:
    try:
        return len(dataset)
    except (TypeError, ValueError, AttributeError) as error:
        raise _no_dataset(name, error) from error


def _items(name: str, dataset: Any, places: Iterable[int]) -> Iterator[tuple[int, Given]]:
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
        yield place, _given(name, place, item)


def _given(name: str, place: int, item: Any) -> Given:
    try:
        image, label, further = _parts(item)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise _no_dataset(name, error) from error
    pixels, from_float = _pixels(name, place, image, channels_first=isinstance(further, Mapping))
    return Given(pixels, _label(name, place, label), _group(name, place, further), from_float)


def _parts(item: Any) -> tuple[Any, Any, Any]:
    if isinstance(item, Mapping):
        image, label = (next(item[key] for key in keys if key in item) for keys in _found(item))
        return image, label, next((item[key] for key in GROUPS if key in item), None)
    image, label, *further = item
    if len(further) > 1:
        raise ValueError(f"an item of {len(further) + 2} parts")
    return image, label, further[0] if further else None


def _found(item: Mapping[Any, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    for keys in (IMAGE, LABEL):
        if not any(key in item for key in keys):
            raise ValueError(f"an item has the keys {', '.join(map(str, item))}, and none is {' or '.join(map(repr, keys))}")
    return IMAGE, LABEL


def _label(name: str, place: int, label: Any) -> int | str:
    if isinstance(label, str):
        return label
    try:
        values = np.asarray(label)
        if values.ndim == 1 and values.size > 1:
            return _of_one_hot(values)
        return operator.index(label.item() if hasattr(label, "item") else label)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        said = in_one_line(error)
        raise RobustnessError(
            f"{name}: not a Dataset of (image, label): image {place} has the label {label!r} ({said})"
        ) from error


def _of_one_hot(values: npt.NDArray[Any]) -> int:
    place = int(values.argmax())
    if values[place] != 1 or np.count_nonzero(values) != 1:
        raise ValueError("several numbers, and not one 1 among zeros: give the number of the class")
    return place


def _group(name: str, place: int, further: Any) -> int | str | None:
    if isinstance(further, Mapping):
        further = next((further[key] for key in GROUPS if key in further), None)
    if further is None or isinstance(further, str):
        return further
    try:
        return operator.index(further.item() if hasattr(further, "item") else further)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise RobustnessError(
            f"{name}: image {place} has {type(further).__name__} as third part, not a group (a number or text) or a dict"
        ) from error


def _check_end(image_set: ImageSet, dataset: Any) -> None:
    """Beyond its length there is no image, or one that is known: some datasets begin again there."""
    name, size = image_set.name, len(image_set)
    try:
        ((_, item),) = _items(name, dataset, [size])
    except RobustnessError:  # as it should; which exception of its own is its business
        return
    label = item.label if isinstance(item.label, int) else _number(item.label, image_set)
    for place in np.flatnonzero(image_set.labels == label):
        if np.array_equal(item.pixels, image_set.picture(int(place)).pixels):
            return
    raise RobustnessError(
        f"{name}: has a length of {size}, and gives another image at {size}, which would not be measured: let __len__ say how "
        "many there are, or __getitem__ raise an IndexError from there on"
    )


def _number(label: int | str, image_set: ImageSet) -> int:
    if isinstance(label, int):
        return label
    return image_set.class_names.index(label) if label in image_set.class_names else -1


def _check_same(image_set: ImageSet, dataset: Any) -> None:
    """A `RobustnessError` where the dataset is another than the set that was read before."""
    name, size = image_set.name, len(image_set)
    if (found := _size(name, dataset)) != size:
        raise _not_fixed(name, f"had {size} images, and {found} when it was made again")
    classes = class_names_of(name, dataset)
    if classes is not None and classes != image_set.class_names:
        raise _not_fixed(name, "had other classes when it was made again")
    rounds = max(1, -(-AGAIN // size))
    places = tqdm([*reversed(range(size))] * rounds, f"reading {name} again", unit="image", delay=0.5, disable=None)
    differing: dict[int, bool] = {}
    groups: dict[int | str | None, int | None] = {}
    for place, item in _items(name, dataset, places):
        same_label = _number(item.label, image_set) == image_set.labels[place]
        if not same_label or not np.array_equal(item.pixels, image_set.picture(place).pixels):
            differing[place] = same_label
        track = None if image_set.tracks is None else int(image_set.tracks[place])
        known = None if track is None or image_set.group_names is None else image_set.group_names[track]
        if groups.setdefault(item.group, track) != track or (None if item.group is None else str(item.group)) != known:
            raise _not_fixed(name, f"image {place} had another group when it was read again")
    if image_set.tracks is not None and len(groups) != len(np.unique(image_set.tracks)):
        raise _not_fixed(name, "had other groups when it was read again")
    if differing:
        first = min(differing)
        what = "other pixels" if differing[first] else "another label"
        raise _not_fixed(name, f"image {first} had {what} when it was read again, as had {len(differing):,} of {size:,} images")


def _check_same_set(name: str, image_set: ImageSet, again: Any) -> None:
    same = isinstance(again, ImageSet) and len(again) == len(image_set) and again.class_names == image_set.class_names
    same = same and (again.tracks is None) == (image_set.tracks is None) and again.dependent == image_set.dependent
    same = same and (image_set.tracks is None or np.array_equal(again.tracks, image_set.tracks))
    if not same or again.content_hash != image_set.content_hash:
        raise _not_fixed(name, "gave another set when it was made again")


def _not_fixed(name: str, seen: str) -> RobustnessError:
    return RobustnessError(
        f"{name}: {seen}, so every run would measure other images: turn augmentation off, and seed and sort what is chosen"
    )


def _no_dataset(name: str, error: Exception) -> RobustnessError:
    said = f"{in_one_line(error)}" or type(error).__name__
    return RobustnessError(f"{name}: not a Dataset of (image, label) with a length ({said})")


def _pixels(name: str, place: int, image: Any, channels_first: bool) -> tuple[npt.NDArray[np.uint8], bool]:
    """uint8 of shape (H, W, channels), a copy: some datasets hand out the same buffer each time. And whether it was floats."""
    if isinstance(image, Image.Image):
        try:
            return _of_picture(from_pillow(image)), False
        except Exception as error:  # a file that Pillow opened and only now reads
            raise RobustnessError(f"{name}: image {place}: {in_one_line(error) or type(error).__name__}") from error
    values = np.asarray(image).copy()
    if values.ndim not in (2, 3):
        raise RobustnessError(
            f"{name}: an image has shape {values.shape}, not (H, W), (H, W, channels) or, as a tensor, (channels, H, W)"
        )
    if values.ndim == 3 and (channels_first or _is_channels_first(image, values)):
        values = values.transpose(1, 2, 0)
    if values.ndim == 2:
        values = values[..., np.newaxis]
    from_float = values.dtype.kind == "f"
    if from_float:
        values = _of_floats(name, place, values)
    if values.dtype != np.uint8:
        raise RobustnessError(
            f"{name}: images are {values.dtype}, not uint8; bring them to 0..255 in the Dataset, by one rule for all, and "
            "leave scaling and normalisation to the model's declaration"
        )
    return np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3)) if values.shape[2] == 1 else values), from_float


def _is_channels_first(image: Any, values: npt.NDArray[Any]) -> bool:
    return not isinstance(image, np.ndarray) and (values.shape[0] in (1, 3) or values.shape[2] not in (1, 3))


def _of_picture(picture: Picture) -> npt.NDArray[np.uint8]:
    """As it is stored: whether it is turned is the Dataset's business."""
    if picture.pixels.dtype != np.uint8:
        raise ValueError(f"more than 8 bits per channel ({picture.pixels.dtype}): bring it to 8 bits in the Dataset")
    if picture.alpha is not None:
        raise ValueError('transparent pixels: lay it on a background in the Dataset, or drop them with image.convert("RGB")')
    return picture.rgb.copy()


def _of_floats(name: str, place: int, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Values of 0..1 as bytes, rounded to the nearest level."""
    if not np.isfinite(values).all() or (values.size and (values.min() < -NOT_BYTES or values.max() > 1 + NOT_BYTES)):
        low, high = (f"{bound:g}" for bound in (values.min(), values.max())) if values.size else ("", "")
        raise RobustnessError(
            f"{name}: image {place} is {values.dtype}, from {low} to {high}, not uint8 nor floats of 0..1; leave scaling and "
            "normalisation to the model's declaration (mean, std)"
        )
    levels: npt.NDArray[np.uint8] = np.rint(values.astype(np.float64).clip(0, 1) * 255).astype(np.uint8)
    return levels
