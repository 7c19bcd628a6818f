"""One image file, read whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from robustness.data.picture import Picture, from_pillow
from robustness.data.pillow import formats, whole_images
from robustness.errors import RobustnessError, in_one_line
from robustness.extras import import_extra

MOST_PIXELS = 89_478_485
"""Of one image: from there on Pillow warns of a decompression bomb, and from twice as many it opens none."""

BITS_PER_SAMPLE = 258
NEW_SUBFILE_TYPE = 254
"""The tag of a TIFF's page whose lowest bit says that it is a smaller copy of another."""


def read_picture(file: Path) -> Picture:
    """The image in a file, as it is stored; a `RobustnessError` names the file where there is none that is whole."""
    try:
        with whole_images(), Image.open(file, formats=formats()) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} x {image.height} pixels, more than {MOST_PIXELS:,}")
            if pages := _further_pages(image):
                raise ValueError(_pages(pages + 1))
            if not _is_deep_colour(image):
                return from_pillow(image)
            if image.format != "TIFF":
                return replace(from_pillow(image), upper=True)
        return _tiff(file)
    except RobustnessError:
        raise
    except Exception as error:  # a damaged file may raise anything
        if isinstance(error, UnidentifiedImageError | ValueError) and _is_tiff(file):  # of channels that Pillow does not know
            return _tiff(file, in_one_line(error))
        said = in_one_line(error) or type(error).__name__
        raise RobustnessError(f"{file}: not a readable image ({said}); restore the file or fetch the data again") from error


def read_shape(file: Path) -> tuple[int, int]:
    """Height and width that the file says its image has, as it is stored; zeros where it cannot be read."""
    try:
        with Image.open(file, formats=formats()) as image:
            return image.height, image.width
    except Exception:  # a damaged file may raise anything
        pass
    try:
        height, width = read_picture(file).pixels.shape[:2]
    except RobustnessError:  # said by whoever reads the whole file
        return 0, 0
    return height, width


def _pages(count: int) -> str:
    return (
        f"{count} pages, of which the first alone would be measured: write each to a file of its own, or one page of channels"
    )


def _further_pages(image: Image.Image) -> int:
    """Of a TIFF, after its first one, but for smaller copies. An animation or a phone's MPO is one picture, its first."""
    pages = range(1, getattr(image, "n_frames", 1) if image.format == "TIFF" else 1)
    found = 0
    for page in pages:
        image.seek(page)
        found += not image.tag_v2.get(NEW_SUBFILE_TYPE, 0) & 1  # type: ignore[attr-defined]
    if pages:
        image.seek(0)
    return found


def _is_deep_colour(image: Image.Image) -> bool:
    """Whether it has several channels of 16 bits, of which Pillow gives the upper 8."""
    if image.mode not in ("RGB", "RGBA", "RGBX", "LA", "CMYK"):
        return False
    if image.format == "TIFF":
        return bool(max(image.tag_v2.get(BITS_PER_SAMPLE, (8,))) > 8)  # type: ignore[attr-defined]
    return any(";16" in str(argument) for tile in getattr(image, "tile", ()) for argument in _several(tile[3]))


def _several(arguments: object) -> tuple[object, ...]:
    return arguments if isinstance(arguments, tuple) else (arguments,)


def _is_tiff(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _tiff(file: Path, said: str = "") -> Picture:
    """With tifffile, which reads any number of channels. said: why Pillow does not."""
    tifffile = import_extra("tifffile", "tiff")
    try:
        with tifffile.TiffFile(file) as stored:
            pages = [page for page in stored.pages if not page.is_reduced]
            if len(pages) > 1:
                raise ValueError(_pages(len(pages)))
            ends = [start + length for start, length in zip(pages[0].dataoffsets, pages[0].databytecounts, strict=True)]
            if not ends or max(ends) > file.stat().st_size or 0 in pages[0].databytecounts:
                raise ValueError(said or "cut short")
            values = np.asarray(pages[0].asarray())
            if pages[0].planarconfig == 2 and values.ndim == 3:  # channel by channel
                values = values.transpose(1, 2, 0)
    except Exception as error:  # a damaged file may raise anything
        said = in_one_line(error) or type(error).__name__
        raise RobustnessError(f"{file}: not a readable image ({said}); restore the file or fetch the data again") from error
    return Picture(as_values(values if values.ndim == 3 else values[..., np.newaxis]))


def as_values(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """In one of the types that a `Picture` has; a `ValueError` where that would lose something."""
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    kind = values.dtype
    if kind in (np.uint8, np.uint16, np.int32, np.float32):
        return values
    if kind == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if kind in (np.int8, np.int16):
        return values.astype(np.int32)
    if kind in (np.float16, np.float64):
        return values.astype(np.float32)
    if kind in (np.uint32, np.int64, np.uint64) and (not values.size or (values.max() < 2**31 and values.min() >= -(2**31))):
        return values.astype(np.int32)
    raise ValueError(f"values of type {kind}, which no image has")
