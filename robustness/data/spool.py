"""Images that code gives one by one, written down as they come, so that nothing holds them all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from robustness.data.image_set import MOST_CLASSES, ImageSet
from robustness.data.pictures import Block
from robustness.errors import RobustnessError
from robustness.files.cache import keeping, locked
from robustness.files.folders import cache_folder, run_folder
from robustness.files.growing import HEADER, Growing, open_grown


@dataclass(frozen=True)
class Given:
    """One image as code gave it. pixels: uint8 of shape (height, width, channels). from_float: whether they were floats."""

    pixels: npt.NDArray[np.uint8]
    label: int | str
    group: int | str | None = None
    from_float: bool = False


def spooled(name: str, items: Iterable[Given], class_names: tuple[str, ...] | None) -> ImageSet:
    """The set of these images, in a file without a name, which ends with the process.

    class_names: None where labels are numbers without names, or are themselves the names.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        arrays, about = _write(name, file, items, class_names)
        file.flush()
        length = int(about["length"])
        long = np.memmap(file, np.uint8, "r", HEADER, (length,)) if length else np.empty(0, np.uint8)
    return _as_set(name, long, arrays, about)


def once_a_run(name: str, run: str, make: Callable[[], ImageSet]) -> ImageSet:
    """The set that the first process of the run made; the others wait for it, and map its file."""
    path = run_folder(run) / f"{sha256(name.encode()).hexdigest()}.safetensors"
    with locked(path):
        if (found := _read(name, path)) is None:
            made = make()
            if not isinstance(made.pictures, Block):  # files, which all processes read where they are
                return made
            _keep(path, made, made.pictures)
            found = _read(name, path)
    if found is None:
        raise RobustnessError(f"{path}: cannot be read back after it was written; look at the disk")
    return found


def _write(
    name: str, file: IO[bytes], items: Iterable[Given], class_names: tuple[str, ...] | None
) -> tuple[dict[str, npt.NDArray[np.generic]], dict[str, str]]:
    growing = Growing(file)
    shapes: list[tuple[int, int]] = []
    labels: list[int | str] = []
    groups: list[int | str | None] = []
    channels, from_floats = 0, False
    for place, item in enumerate(items):
        height, width, found = item.pixels.shape
        if not item.pixels.size:
            raise RobustnessError(f"{name}: image {place} has shape {item.pixels.shape}, which holds no pixel")
        if place and found != channels:
            raise RobustnessError(
                f"{name}: image {place} has {found} channels, and those before it {channels}: give all the same"
            )
        channels, from_floats = found, from_floats or item.from_float
        growing.append(item.pixels)
        shapes.append((height, width))
        labels.append(item.label)
        groups.append(item.group)
    names, numbers = _numbered(name, labels, class_names)
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "shapes": np.array(shapes, np.int32).reshape(-1, 2),
        "labels": np.array(numbers, np.int64),
        "class_names": np.frombuffer(json.dumps(names).encode(), np.uint8),
    }
    if any(group is not None for group in groups):
        arrays["tracks"] = _tracks(name, groups)
        arrays["group_names"] = np.frombuffer(json.dumps([*dict.fromkeys(map(str, groups))]).encode(), np.uint8)
    about = {"channels": str(channels or 3), "from_floats": str(from_floats), "length": str(growing.length)}
    growing.finish(arrays, about)
    return arrays, about


def _numbered(name: str, labels: list[int | str], names: tuple[str, ...] | None) -> tuple[list[str], list[int]]:
    """Class names, and the labels as numbers of them."""
    texts = sorted({label for label in labels if isinstance(label, str)})
    if texts and len([label for label in labels if isinstance(label, str)]) < len(labels):
        raise RobustnessError(f"{name}: some labels are texts, such as {texts[0]!r}, and some are numbers: give all the same")
    if texts:
        known = list(names) if names is not None else texts
        numbers = {text: number for number, text in enumerate(known)}
        if unknown := [text for text in texts if text not in numbers]:
            raise RobustnessError(f"{name}: the label {unknown[0]!r} is none of its classes ({', '.join(known[:5])}, ...)")
        return known, [numbers[str(label)] for label in labels]
    plain = [int(label) for label in labels]
    if any(label < 0 for label in plain):
        place = next(place for place, label in enumerate(plain) if label < 0)
        raise RobustnessError(f"{name}: image {place} has the label {plain[place]}, which stands for no class: leave it out")
    if max(plain, default=0) >= MOST_CLASSES:
        place = next(place for place, label in enumerate(plain) if label >= MOST_CLASSES)
        raise RobustnessError(f"{name}: image {place} has the label {plain[place]}, above the highest, {MOST_CLASSES - 1:,}")
    return [str(number) for number in range(max(plain, default=-1) + 1)] if names is None else list(names), plain


def _tracks(name: str, groups: list[int | str | None]) -> npt.NDArray[np.int64]:
    if None in groups:
        raise RobustnessError(
            f"{name}: image {groups.index(None)} has no group, and others have: give all of them one, or none"
        )
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(str(group), len(numbers)) for group in groups], np.int64)


def _as_set(
    name: str, long: npt.NDArray[np.uint8], arrays: dict[str, npt.NDArray[np.generic]], about: dict[str, str]
) -> ImageSet:
    shapes = arrays["shapes"].astype(np.int32)
    block = Block(long, shapes, int(about["channels"]), from_floats=about["from_floats"] == "True", name=name)
    names = json.loads(arrays["class_names"].tobytes())
    tracks = arrays["tracks"].astype(np.int64) if "tracks" in arrays else None
    groups = json.loads(arrays["group_names"].tobytes()) if "group_names" in arrays else None
    image_set = ImageSet.of(name, block, arrays["labels"].astype(np.int64), names, tracks, group_names=groups)
    if "index" not in arrays:
        return image_set
    dependent, left_out = json.loads(arrays["said"].tobytes())
    return replace(image_set, index=arrays["index"].astype(np.int64), dependent=dependent, left_out=left_out)


def _keep(path: Path, image_set: ImageSet, block: Block) -> None:
    """The set as a file that other processes map. block: where its pictures are, perhaps with others."""
    with keeping(path) as partial, partial.open("r+b") as file:
        growing = Growing(file)
        for place in range(len(image_set)):
            growing.append(image_set.picture(place).pixels.reshape(-1))
        arrays: dict[str, npt.NDArray[np.generic]] = {
            "shapes": np.asarray(image_set.shapes),
            "labels": np.asarray(image_set.labels),
            "index": np.asarray(image_set.index),
            "class_names": np.frombuffer(json.dumps(image_set.class_names).encode(), np.uint8),
            "said": np.frombuffer(json.dumps([image_set.dependent, image_set.left_out]).encode(), np.uint8),
            "hash": np.frombuffer(bytes.fromhex(image_set.content_hash), np.uint8),
        }
        if image_set.tracks is not None:
            arrays["tracks"] = np.asarray(image_set.tracks)
        if image_set.group_names is not None:
            arrays["group_names"] = np.frombuffer(json.dumps(image_set.group_names).encode(), np.uint8)
        about = {"channels": str(block.channels), "from_floats": str(block.from_floats), "length": str(growing.length)}
        growing.finish(arrays, about)


def _read(name: str, path: Path) -> ImageSet | None:
    """A set that another process kept; None where there is none, or where its pixels are not what was kept."""
    grown = open_grown(path)
    if grown is None:
        return None
    found = _as_set(name, grown.long, grown.arrays, grown.about)
    return found if found.content_hash == grown.arrays["hash"].tobytes().hex() else None


def is_spool(path: Path) -> bool:
    """Whether a file holds a set, all of it as it was kept."""
    try:
        return _read("a set", path) is not None
    except (KeyError, ValueError, RobustnessError):
        return False
