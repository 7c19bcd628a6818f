"""A picture set in GTSRB's shape, written in any of the layouts found in the wild."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

# Where the parts lie: the base of the tables, and the folders of training and test images where the table names none.
PLACES = {
    "torchvision": ("gtsrb", "gtsrb/GTSRB/Training", "gtsrb/GTSRB/Final_Test/Images"),
    "official": (".", "GTSRB/Final_Training/Images", "GTSRB/Final_Test/Images"),
    "official-inside": (".", "Final_Training/Images", "Final_Test/Images"),
    "kaggle": (".",),
    "kaggle-in-gtsrb": ("gtsrb",),
}
LAYOUTS = tuple(PLACES)


class Picture(NamedTuple):
    label: int
    track: int
    frame: int
    pixels: np.ndarray


def _pictures(seed: int, places: list[tuple[int, int, int]]) -> list[Picture]:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(2, 6, (len(places), 2))
    return [
        Picture(*place, generator.integers(0, 256, (*size, 3), dtype=np.uint8))
        for place, size in zip(places, sizes, strict=True)
    ]


TRAIN = _pictures(
    1, [(label, track, frame) for label in range(43) for track in range(1 + label % 2) for frame in range(1 + track)]
)
TEST = _pictures(2, [(label, 0, 0) for label in (16, 1, 38, 0, 42, 1)])


def write_split(root: Path, layout: str, split: str) -> Path:
    """The tiny split under root; returns a table in which the picture of class 14 (train) or 16 (test) stands in line 2."""
    if layout.startswith("kaggle"):
        return _write_kaggle(root / PLACES[layout][0], split)
    if split == "train":
        return _write_training(root / PLACES[layout][1])
    return _write_test(root / PLACES[layout][0], root / PLACES[layout][2])


def _write_training(folder: Path) -> Path:
    for label in range(43):
        rows = []
        for picture in (picture for picture in TRAIN if picture.label == label):
            name = f"{picture.track:05d}_{picture.frame:05d}.ppm"
            _write_picture(folder / f"{label:05d}" / name, picture)
            rows.append(f"{name};{_box(picture, ';')};{label}")
        _write_table(folder / f"{label:05d}" / f"GT-{label:05d}.csv", f"Filename;{_head(';')};ClassId", rows)
    return folder / "00014" / "GT-00014.csv"


def _write_test(base: Path, folder: Path) -> Path:
    rows = []
    for number, picture in enumerate(TEST):
        _write_picture(folder / f"{number:05d}.ppm", picture)
        rows.append(f"{number:05d}.ppm;{_box(picture, ';')};{picture.label}")
    return _write_table(base / "GT-final_test.csv", f"Filename;{_head(';')};ClassId", rows)


def _write_kaggle(base: Path, split: str) -> Path:
    rows = []
    # Kaggle's own training table begins with class 20.
    for number, picture in enumerate(sorted(TRAIN, key=lambda p: p.label != 20) if split == "train" else TEST):
        name = f"Test/{number:05d}.png"
        if split == "train":
            name = f"Train/{picture.label}/{picture.label:05d}_{picture.track:05d}_{picture.frame:05d}.png"
        _write_picture(base / name, picture)
        rows.append(f"{_box(picture, ',')},{picture.label},{name}")
    return _write_table(base / f"{split.title()}.csv", f"{_head(',')},ClassId,Path", rows)


def _head(delimiter: str) -> str:
    return delimiter.join(("Width", "Height", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2"))


def _box(picture: Picture, delimiter: str) -> str:
    height, width = picture.pixels.shape[:2]
    return delimiter.join(str(number) for number in (width, height, 0, 0, width - 1, height - 1))


def _write_picture(file: Path, picture: Picture) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.pixels).save(file)


def _write_table(table: Path, head: str, rows: list[str]) -> Path:
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return table
