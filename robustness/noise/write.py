"""Noisy copies of an image set on disk, and contact sheets to look at."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from tqdm import tqdm

from robustness.data import ImageSet, Preparation, fit_images
from robustness.data.class_folders import class_folders, write_class_names
from robustness.data.picture import viewable
from robustness.errors import RobustnessError
from robustness.files.atomic import filling
from robustness.noise.apply import apply
from robustness.noise.specs import Noise

BATCH = 256
GAP, CAPTION, SMALL = 4, 14, 128


def write_copies(image_set: ImageSet, fit: Preparation, noises: Sequence[Noise], seed: int, out: Path) -> int:
    """The set under each noise, as PNG: `out/gaussian(sigma=25)/00014/00012.png` is image 12, of class 14.

    Classes that are folder names in alphabetical order already keep their names, and a file tells the others'. These are the
    very bytes that a network of that input size is measured on. Returns the number of images written.
    """
    if fit.channels not in (1, 3):
        raise RobustnessError(f"copies are PNG files, of 1 or 3 channels, not of {fit.channels}")
    images = fit_images(image_set, fit)
    folders = class_folders(image_set.class_names)

    def save(image: npt.NDArray[np.uint8], place: int, folder: Path) -> None:
        viewable(image).save(folder / folders[image_set.labels[place]] / f"{image_set.index[place]:05d}.png")

    total = len(images) * len(noises)
    with (
        filling(out) as copies,
        ThreadPoolExecutor() as pool,
        tqdm(total=total, desc=f"writing {out}", unit="image", disable=None) as bar,
    ):
        for noise in noises:
            folder = copies / str(noise)
            for label in np.unique(image_set.labels):
                (folder / folders[label]).mkdir(parents=True, exist_ok=True)
            write_class_names(folder, image_set.class_names)
            for start in range(0, len(images), BATCH):
                places = range(start, min(start + BATCH, len(images)))
                noisy = apply(noise, images[places.start : places.stop], image_set.index[places.start : places.stop], seed)
                bar.update(len(list(pool.map(save, noisy, places, [folder] * len(places)))))
    return total


def write_sheet(image_set: ImageSet, fit: Preparation, noises: Sequence[Noise], seed: int, file: Path, rows: int = 6) -> None:
    """One row per image, spread over the set, and one column per noise, small images enlarged twice, as a single PNG."""
    places = np.linspace(0, len(image_set) - 1, min(rows, len(image_set))).astype(int)
    images = fit_images(image_set.take(places), fit)
    times = 2 if max(fit.shape) <= SMALL else 1
    height, across = times * fit.height, times * fit.width
    widths = [max(across, 7 * len(str(noise))) + GAP for noise in noises]
    sheet = Image.new("RGB", (sum(widths), CAPTION + len(places) * (height + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    left = 0
    for noise, width in zip(noises, widths, strict=True):
        draw.text((left, 0), str(noise), fill="black")
        for row, noisy in enumerate(apply(noise, images, image_set.index[places], seed)):
            picture = viewable(noisy).resize((across, height), Image.Resampling.NEAREST)
            sheet.paste(picture, (left, CAPTION + row * (height + GAP)))
        left += width
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file, "PNG")
