"""The `signs` image set: drawn signs, photographed in tracks of frames, as a car that comes nearer would."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from robustness.data.image_set import ImageSet
from robustness.data.sign_names import SIGN_NAMES
from robustness.data.signs.drawings import DRAWINGS
from robustness.data.signs.photograph import View, photograph

VERSION = 1
TRACKS = {"train": 60, "test": 6}  # of each class
FRAMES = {"train": 8, "test": 5}  # of each track
SMALLEST, LARGEST = 15, 250


def draw_signs(split: str) -> ImageSet:
    """All images of a split, "train" or "test"; no track is in both. Drawn anew: some seconds for test, a minute for train."""
    frames = [
        (label, track, frame)
        for label in range(len(DRAWINGS))
        for track in range(TRACKS[split])
        for frame in range(FRAMES[split])
    ]
    images = (_frame(split, *frame) for frame in tqdm(frames, f"drawing signs-{split}", unit="image", disable=None))
    return ImageSet.from_images(
        f"signs-{split}",
        images,
        [label for label, _, _ in frames],
        SIGN_NAMES,
        [label * TRACKS[split] + track for label, track, _ in frames],
    )


def _frame(split: str, label: int, track: int, frame: int) -> npt.NDArray[np.uint8]:
    name = f"signs {VERSION} {split} {label} {track}"
    random = Random(name)
    view = View.drawn_from(random)
    first = random.uniform(SMALLEST, 42)
    last = min(LARGEST, first * math.exp(abs(random.gauss(0.3, 0.5))))
    size = round(first + (last - first) * (frame / (FRAMES[split] - 1)) ** 2)
    return photograph(DRAWINGS[label], view, size, Random(f"{name} {frame}"))
