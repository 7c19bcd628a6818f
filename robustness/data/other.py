"""Image sets of the user's own: a folder per class, or any torch `Dataset`."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from robustness.data.class_folders import NAMES_FILE, read_class_names
from robustness.data.decode import Listing, to_rgb
from robustness.data.image_set import ImageSet
from robustness.errors import RobustnessError
from robustness.files.atomic import PARTIAL


def list_folder(folder: Path) -> Listing:
    """The images of a folder with one sub-folder per class; classes and files in alphabetical order.

    Where the folder was written by this package, a file in it tells the classes' names.
    """
    if not folder.is_dir():
        raise RobustnessError(f"{folder}: no such folder; folder:PATH names one with a sub-folder of images per class")
    if unfinished := sorted(folder.glob(f"*{PARTIAL}")):
        raise RobustnessError(f"{unfinished[0]}: the writing of this folder was cut off; delete it, and write the images again")
    Image.init()
    rows = [
        (file, class_folder)
        for class_folder in sorted(path for path in folder.iterdir() if path.is_dir())
        for file in sorted(_files(class_folder))
        if file.suffix.lower() in Image.EXTENSION
    ]
    if not rows:
        raise RobustnessError(f"{folder}: no images in sub-folders; folder:PATH names one with a sub-folder per class")
    with_images = sorted({class_folder.name for _, class_folder in rows})
    named = read_class_names(folder) or {name: name for name in with_images}
    if unnamed := [name for name in with_images if name not in named]:
        raise RobustnessError(
            f"{folder / NAMES_FILE}: names no class for the sub-folder {unnamed[0]}; add it, or delete the file"
        )
    folders = list(named)
    return Listing(
        name=f"folder:{folder.name}",
        files=[file for file, _ in rows],
        labels=[folders.index(class_folder.name) for _, class_folder in rows],
        class_names=list(named.values()),
    )


def _files(class_folder: Path) -> Iterator[Path]:
    for path in class_folder.rglob("*"):
        if path.is_symlink() and path.is_dir():  # `rglob` passes over it, and images left out would not be measured
            raise RobustnessError(f"{path}: a link to a folder, which is not followed; copy its images, or link each of them")
        if not path.name.isprintable():  # in a report or a log it would look like something else
            raise RobustnessError(f"{str(path)!r}: a name that cannot be printed; rename it")
        yield path


def read_dataset(name: str, dataset: Any) -> ImageSet:
    """A map-style torch `Dataset` of (image, label): images as PIL, uint8 (H, W, 3) arrays or uint8 (3, H, W) tensors."""
    try:
        size = len(dataset)
        pairs = [dataset[place] for place in tqdm(range(size), f"reading {name}", unit="image", disable=None)]
        labels = [operator.index(label.item() if hasattr(label, "item") else label) for _, label in pairs]
    except (TypeError, ValueError, AttributeError) as error:
        raise RobustnessError(f"{name}: not a Dataset of (image, label) with a length ({error})") from error
    named = getattr(dataset, "classes", None)
    class_names = range(max(labels, default=-1) + 1) if named is None else named
    return ImageSet.from_images(name, (_rgb(name, image) for image, _ in pairs), labels, [str(name) for name in class_names])


def _rgb(name: str, image: Any) -> npt.NDArray[np.uint8]:
    if isinstance(image, Image.Image):
        try:
            return to_rgb(image)
        except ValueError as error:
            raise RobustnessError(f"{name}: {error}") from error
    pixels = np.asarray(image)
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
