"""From image files to an image set, once: the decoded set is kept and read back while the files stay as they are."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from robustness.data.cache import cached
from robustness.data.image_set import ImageSet
from robustness.data.pillow import formats, readers, whole_images
from robustness.errors import RobustnessError, in_one_line

VERSION = 2  # of the decoded file; raise it when decoding or this layout changes
MOST_PIXELS = 89_478_485
"""Of one image: from there on Pillow warns of a decompression bomb, and from twice as many it opens none."""

NEW_SUBFILE_TYPE = 254
"""The tag of a TIFF's page whose lowest bit says that it is a smaller copy of another."""


@dataclass(frozen=True)
class Listing:
    """What is to be decoded: the files of a set in their order, and what is known of each."""

    name: str
    files: Sequence[Path]
    labels: Sequence[int]
    class_names: Sequence[str]
    tracks: Sequence[int] | None = None
    left_out: str | None = None  # what lies beside the images and is none, in a sentence


def decode(listing: Listing) -> ImageSet:
    """The image set behind a listing, from the cache when no file changed in size or time since."""
    image_set = cached(_fingerprint(listing), lambda: _decode_files(listing))
    return image_set if listing.left_out is None else replace(image_set, left_out=listing.left_out)


def read_image(file: Path) -> npt.NDArray[np.uint8]:
    """One image file as uint8 RGB of shape (height, width, 3)."""
    try:
        with whole_images(), Image.open(file, formats=formats()) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels, more than {MOST_PIXELS:,}")
            pixels = to_rgb(image)
            if pages := _further_pages(image):
                raise ValueError(
                    f"{pages + 1} pages, of which the first alone would be measured: write each to a file of its own"
                )
            return pixels
    except Exception as error:  # a damaged file may raise anything
        said = in_one_line(error) or type(error).__name__
        raise RobustnessError(f"{file}: not a readable image ({said}); restore the file or fetch the data again") from error


def _further_pages(image: Image.Image) -> int:
    """Of a TIFF, after its first one, but for smaller copies. An animation or a phone's MPO is one picture, its first."""
    pages = range(1, getattr(image, "n_frames", 1) if image.format == "TIFF" else 1)
    found = 0
    for page in pages:
        image.seek(page)
        found += not image.tag_v2.get(NEW_SUBFILE_TYPE, 0) & 1  # type: ignore[attr-defined]
    return found


def to_rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    """A picture as uint8 RGB, upright or not as its pixels are stored, and without its alpha: as torchvision's `ImageFolder`.

    A `ValueError` for those of a depth that Pillow would clip to white; colours of 16 bits it halves to their upper 8 itself.
    """
    image.load()  # an icon's picture may have another depth than its header says
    if image.mode.startswith(("I", "F")):
        raise ValueError(f"more than 8 bits per channel, mode {image.mode}")
    if isinstance(image.info.get("transparency"), bytes):  # Pillow warns of a palette's on the way to RGB alone
        image = image.convert("RGBA")
    return np.asarray(image.convert("RGB"))


def _decode_files(listing: Listing) -> ImageSet:
    with ThreadPoolExecutor() as pool:
        images = tqdm(
            pool.map(read_image, listing.files), f"decoding {listing.name}", len(listing.files), unit="image", disable=None
        )
        return ImageSet.from_images(listing.name, images, listing.labels, listing.class_names, listing.tracks)


def _fingerprint(listing: Listing) -> str:
    tracks = None if listing.tracks is None else list(listing.tracks)
    digest = hashlib.sha256(json.dumps([VERSION, readers(), listing.name, list(listing.class_names), tracks]).encode())
    for file, label in zip(listing.files, listing.labels, strict=True):
        try:
            status = os.stat(file)
        except (OSError, ValueError) as error:  # a table may name a file with a NUL in it
            said = getattr(error, "strerror", None) or error
            raise RobustnessError(f"{file}: {said}; restore the file or fetch the data again") from error
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for, and a device has no end
            raise RobustnessError(f"{file}: not a file; restore it or fetch the data again")
        digest.update(
            f"{os.path.abspath(file)}|{label}|{status.st_size}|{status.st_mtime_ns}|{status.st_ctime_ns}|{status.st_ino}\n".encode()
        )
    return digest.hexdigest()
