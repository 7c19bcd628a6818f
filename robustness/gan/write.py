"""Samples as files: a folder that `folder:` reads, or one sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from robustness.data.class_folders import class_folders, write_class_names
from robustness.errors import RobustnessError
from robustness.files.atomic import filling, replacing
from robustness.gan.sample import Generator, Images, stream
from robustness.noise import Clean, Noise

SHOWN = 10
"""Samples of each class on the sheet of a checkpoint."""
LARGEST_GRID = 10_000
ENLARGED = 2
GAP = 2
"""Between the images, in pixels."""


def write_folder(generator: Generator, labels: Sequence[int], count: int, seed: int, noise: Noise | None, out: Path) -> int:
    """`count` samples of each class as PNG files, a sub-folder for each class. Returns how many.

    Classes that are folder names in alphabetical order already keep their names, others get their numbers, and a file that
    tells the names: read as `folder:`, the samples have the classes of the generator's training set.
    """
    names = generator.condition.class_names or ("samples",)
    folders = class_folders(names)
    samples = stream(generator, labels, count, seed, noise)
    total = len(labels) * count
    with (
        filling(out) as folder,
        ThreadPoolExecutor() as pool,
        tqdm(total=total, desc=f"writing {out}", unit="image", disable=None) as bar,
    ):
        for label in labels:
            (folder / folders[label]).mkdir()
        write_class_names(folder, names)

        def save(image: npt.NDArray[np.uint8], label: int, place: int) -> None:
            Image.fromarray(image).save(folder / folders[label] / f"{place:07d}.png")

        for classes, places, images in samples:
            bar.update(len(list(pool.map(save, images, classes.tolist(), places.tolist()))))
    return total


def write_grid(generator: Generator, labels: Sequence[int], count: int, seed: int, noise: Noise | None, file: Path) -> int:
    """`count` samples of each class on one sheet: a column for each class, or nearly a square of one class."""
    total = len(labels) * count
    if total > LARGEST_GRID:
        raise RobustnessError(f"{total:,} images are too many for one sheet, {LARGEST_GRID:,} at most; name a folder")
    images = np.concatenate([images for _, _, images in stream(generator, labels, count, seed, noise)])
    if len(labels) > 1:
        images = images.reshape(len(labels), count, *images.shape[1:]).swapaxes(0, 1).reshape(images.shape)
    save_sheet(images, len(labels) if len(labels) > 1 else round(total**0.5), file)
    return total


def write_checkpoint_sheet(generator: Generator, seed: int, file: Path) -> None:
    """What a generator has learnt: a column for each class, or ten; a row for each noise it knows, or ten clean ones.

    With noise, a column is one latent vector: what changes from row to row is the noise alone.
    """
    condition = generator.condition
    classes = len(condition.class_names)
    labels, places = (np.arange(classes), np.zeros(classes)) if classes else (np.zeros(SHOWN), np.arange(SHOWN))
    if condition.noises:
        rows = [generator.images(labels, places, seed, noise) for noise in (Clean(), *condition.noises)]
    else:
        rows = [generator.images(labels, places + row * (1 if classes else SHOWN), seed) for row in range(SHOWN)]
    save_sheet(np.concatenate(rows), len(labels), file)


def save_sheet(images: Images, columns: int, file: Path) -> None:
    """Images of shape (N, H, W, 3), row by row, enlarged twice."""
    height, width = (ENLARGED * side + GAP for side in images.shape[1:3])
    sheet = Image.new("RGB", (columns * width - GAP, -(-len(images) // columns) * height - GAP), "white")
    for number, image in enumerate(images):
        tile = Image.fromarray(image).resize((width - GAP, height - GAP), Image.Resampling.NEAREST)
        sheet.paste(tile, (number % columns * width, number // columns * height))
    with replacing(file) as partial:
        sheet.save(partial, "PNG")
