"""An image as it is stored: all that its file or array says, before any preparation decides what a network sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

UPRIGHT = 1
ORIENTATION_TAG = 0x0112
"""Of EXIF: 1 to 8, how a viewer has to turn and mirror the stored pixels."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image as it is stored.

    pixels: uint8, uint16, int32 or float32 of shape (height, width, channels), with 1 channel or more.
    alpha: uint8 of shape (height, width), 0 where nothing is seen; None where every pixel is opaque.
    orientation: 1 to 8, as EXIF counts; 1 is upright.
    upper: whether pixels are the upper 8 of 16 bits, of which the reader gives no more.
    """

    pixels: npt.NDArray[Any]
    alpha: npt.NDArray[np.uint8] | None = None
    orientation: int = UPRIGHT
    upper: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether there is one way alone to see it in RGB with 8 bits."""
        plain = self.pixels.dtype == np.uint8 and self.pixels.shape[2] in (1, 3)
        return plain and self.alpha is None and self.orientation == UPRIGHT and not self.upper

    @property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """A plain one in RGB: uint8 of shape (height, width, 3)."""
        return np.broadcast_to(self.pixels, (*self.pixels.shape[:2], 3))


def from_pillow(image: Image.Image) -> Picture:
    """What an open image of Pillow's holds; colours that are not RGB, such as CMYK and those of a palette, become it."""
    image.load()  # an icon's picture may have another depth than its header says
    orientation = int(image.getexif().get(ORIENTATION_TAG, UPRIGHT))
    orientation = orientation if orientation in range(1, 9) else UPRIGHT
    if image.mode.startswith(("I", "F")):
        stored = np.asarray(image)
        values = stored.astype(stored.dtype.newbyteorder("="), copy=False)
        hidden = image.info.get("transparency")
        alpha = None if hidden is None else np.where(values == hidden, 0, 255).astype(np.uint8)
        return Picture(_with_channels(values), None if alpha is None or alpha.min() == 255 else alpha, orientation)
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return Picture(_with_channels(np.asarray(image.convert("L"))), orientation=orientation)
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        straight = image.convert({"RGBa": "RGBA", "La": "LA"}.get(image.mode, image.mode)).convert("RGBA")
        values = np.asarray(straight)
        alpha = None if values[..., 3].min() == 255 else values[..., 3]
        return Picture(values[..., :3], alpha, orientation)
    return Picture(np.asarray(image.convert("RGB")), orientation=orientation)


def viewable(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """Pixels, uint8 of shape (height, width, channels), to look at: one channel is grey, of more than three the first three are
    red, green and blue, of two the first is shown.
    """
    channels = pixels.shape[2]
    return Image.fromarray(np.ascontiguousarray(pixels[..., :3] if channels >= 3 else pixels[..., 0]))


def _with_channels(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return pixels[..., np.newaxis]
