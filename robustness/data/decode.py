"""From image files to an image set, once: the decoded set is kept and read back while the files stay as they are."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from robustness.data.cache import cached
from robustness.data.image_set import ImageSet
from robustness.errors import RobustnessError

VERSION = 1  # of the decoded file; raise it when decoding or this layout changes


@dataclass(frozen=True)
class Listing:
    """What is to be decoded: the files of a set in their order, and what is known of each."""

    name: str
    files: Sequence[Path]
    labels: Sequence[int]
    class_names: Sequence[str]
    tracks: Sequence[int] | None = None


def decode(listing: Listing) -> ImageSet:
    """The image set behind a listing, from the cache when no file changed in size or time since."""
    return cached(_fingerprint(listing), lambda: _decode_files(listing))


def read_image(file: Path) -> npt.NDArray[np.uint8]:
    """One image file as uint8 RGB of shape (height, width, 3)."""
    try:
        with Image.open(file) as image:
            return to_rgb(image)
    except (OSError, ValueError, SyntaxError, RuntimeError, Image.DecompressionBombError) as error:
        raise RobustnessError(f"{file}: not a readable image ({error}); restore the file or fetch the data again") from error


def to_rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    """A picture of eight bits as uint8 RGB; a `ValueError` for deeper ones, which Pillow would clip to white."""
    if image.mode.startswith(("I", "F")):
        raise ValueError(f"more than 8 bits per channel, mode {image.mode}")
    return np.asarray(image.convert("RGB"))


def _decode_files(listing: Listing) -> ImageSet:
    with ThreadPoolExecutor() as pool:
        images = tqdm(
            pool.map(read_image, listing.files), f"decoding {listing.name}", len(listing.files), unit="image", disable=None
        )
        return ImageSet.from_images(listing.name, images, listing.labels, listing.class_names, listing.tracks)


def _fingerprint(listing: Listing) -> str:
    tracks = None if listing.tracks is None else list(listing.tracks)
    digest = hashlib.sha256(json.dumps([VERSION, listing.name, list(listing.class_names), tracks]).encode())
    for file, label in zip(listing.files, listing.labels, strict=True):
        try:
            status = os.stat(file)
        except OSError as error:
            raise RobustnessError(f"{file}: {error.strerror}; restore the file or fetch the data again") from error
        digest.update(
            f"{os.path.abspath(file)}|{label}|{status.st_size}|{status.st_mtime_ns}|{status.st_ctime_ns}|{status.st_ino}\n".encode()
        )
    return digest.hexdigest()
