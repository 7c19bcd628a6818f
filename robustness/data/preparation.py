"""Preparation: from an image as it is stored to the pixels that a network sees. Noise comes after it, then normalisation.

Its steps: decode (depth, alpha, colours, orientation), resize, then crop or pad the centre. Each is a fixed function of the
image alone, on 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from robustness.data.picture import UPRIGHT, Picture

FitKind = Literal["crop-or-pad", "resize"]
Interpolation = Literal["nearest", "box", "bilinear", "bicubic", "lanczos"]
Antialias = Literal["pillow", "torchvision"]
Centre = Literal["floor", "round"]
LARGEST = 4096
"""Pixels along a side of what a network sees."""
Shape = tuple[int, int]
"""Height and width, in pixels."""
Pixels = npt.NDArray[np.uint8]

INTERPOLATIONS: dict[Interpolation, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
ON_TENSORS = ("nearest", "bilinear", "bicubic")
"""What torchvision interpolates tensors with."""
TURNS: dict[int, tuple[int, bool]] = {
    1: (0, False),
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}
"""By EXIF's orientation: quarter turns against the clock, and whether left and right are swapped after them."""


@dataclass(frozen=True)
class Preparation:
    """How an image as it is stored comes to be uint8 of shape (height, width, channels).

    height, width, channels: of what the network sees.
    resize: first to this: the length of the shorter side, the aspect ratio kept as torchvision's `Resize` keeps it (the other
    side rounded down); or both sides; None leaves the size.
    interpolation: of resizing. antialias: as Pillow does it, or as torchvision does it on uint8 tensors.
    centre: which pixels are kept where one is over, and where black is put where too few are there. "round": as torchvision's
    `CenterCrop`. "floor": the odd one over stays at the end (the study's way, and transformers').
    exact: nothing is resized, cropped or padded; an image of another size is refused.
    background: the colour that transparent pixels are laid on, `(p a + b (255 - a) + 127) div 255`; "ignored" takes the colours
    as they are stored, as torchvision's `ImageFolder` does; None refuses transparent pixels.
    range: of values that are no bytes, such as 16 bits or floats: from the first, which becomes 0, to the second, which becomes
    255, rounded half up and cut off beyond; "upper-byte" takes the upper 8 of 16 bits. None refuses them.
    upright: whether EXIF's orientation is followed.
    """

    height: int
    width: int
    channels: int = 3
    resize: int | Shape | None = None
    interpolation: Interpolation = "bilinear"
    antialias: Antialias = "pillow"
    centre: Centre = "round"
    exact: bool = False
    background: tuple[int, ...] | Literal["ignored"] | None = None
    range: tuple[float, float] | Literal["upper-byte"] | None = None
    upright: bool = True

    def __str__(self) -> str:
        """Its short form, where that says all; no two of them read alike."""
        shape = _text((self.height, self.width))
        if self.exact:
            steps = [f"exactly {shape}"]
        elif self.resize == (self.height, self.width):
            steps = [f"resize {shape}"]
        else:
            steps = [] if self.resize is None else [f"resize {_text(self.resize)}"]
            steps += [f"{'crop-or-pad' if self.centre == 'floor' else 'crop'} {shape}"]
        default = Preparation(1, 1)
        steps += [
            f"{name} {getattr(self, name)}"
            for name in ("channels", "interpolation", "antialias", "background", "range", "upright")
            if getattr(self, name) != getattr(default, name)
        ]
        return ", ".join(steps)

    @property
    def shape(self) -> Shape:
        return self.height, self.width

    @property
    def values(self) -> tuple[int, int, int]:
        """Channels, height and width: the shape of one image as a tensor."""
        return self.channels, self.height, self.width

    @property
    def size(self) -> int:
        """Of a square input: its side, in pixels."""
        if self.height != self.width:
            raise ValueError(f"{self} is not square")
        return self.height

    @property
    def kind(self) -> FitKind:
        """Of a short form: "resize" or "crop-or-pad"."""
        return "resize" if self.resize == self.shape else "crop-or-pad"


def Fit(size: int | Shape, kind: FitKind = "crop-or-pad", channels: int = 3) -> Preparation:  # noqa: N802
    """A preparation in its short form.

    crop-or-pad: the centre, cropped where the image is larger and padded with black where it is smaller, without resizing (the
    study's way). resize: both sides, bilinear, with antialiasing, the aspect ratio not kept.

    >>> print(Fit(64, "resize"))
    resize 64
    """
    height, width = (size, size) if isinstance(size, int) else size
    if kind == "resize":
        return Preparation(height, width, channels, resize=(height, width))
    return Preparation(height, width, channels, centre="floor")


def prepare(picture: Picture, to: Preparation) -> Pixels:
    """The image as the network sees it: uint8 of shape (height, width, channels). A `ValueError` says what is undeclared."""
    pixels = _decode(picture, to)
    if to.exact:
        if pixels.shape[:2] != to.shape:
            raise ValueError(f"{_text(pixels.shape[:2])} pixels, not the {_text(to.shape)} that its preparation says it has")
        return pixels
    if to.resize is not None:
        pixels = _resized(pixels, resized_shape(pixels.shape[:2], to.resize), to)
    return _centred(pixels, to)


def _decode(picture: Picture, to: Preparation) -> Pixels:
    """uint8 of shape (height, width, channels), upright."""
    if picture.upper and to.range != "upper-byte":
        raise ValueError(
            "16 bits per channel, of which Pillow reads the upper 8: the file is fine; say that these are meant, prepare = "
            '{ range = "upper-byte" }, or convert it to TIFF or to 8 bits'
        )
    values = _in_bytes(picture.pixels, to.range)
    if picture.alpha is not None and to.background != "ignored":
        values = _on_background(values, picture.alpha, to.background)
    values = _in_channels(values, to.channels)
    if to.upright and picture.orientation != UPRIGHT:
        turns, mirrored = TURNS[picture.orientation]
        values = np.rot90(values, turns)
        values = values[:, ::-1] if mirrored else values
    return values


def _in_bytes(values: npt.NDArray[Any], bounds: tuple[float, float] | Literal["upper-byte"] | None) -> Pixels:
    if values.dtype == np.uint8:
        return values
    if bounds == "upper-byte":
        if values.dtype == np.uint16 or (values.dtype == np.int32 and values.min() >= 0 and values.max() < 2**16):
            return (values >> 8).astype(np.uint8)
        raise ValueError(f"{values.dtype} values, which have no upper byte: say range = [black, white]")
    if bounds is None:
        most = 65535.0 if values.dtype == np.uint16 else float(values.max())
        raise ValueError(
            f"{values.dtype} values from {values.min():g} to {values.max():g}, more than 8 bits: the file is fine; say which "
            f"of them become black and white, such as prepare = {{ range = [0, {most:g}] }}"
        )
    low, high = bounds
    if not np.isfinite(values).all():
        raise ValueError("values that are NaN or infinite")
    scaled = np.floor((values.astype(np.float64) - low) * (255 / (high - low)) + 0.5)
    in_bytes: Pixels = scaled.clip(0, 255).astype(np.uint8)
    return in_bytes


def _on_background(values: Pixels, alpha: Pixels, background: tuple[int, ...] | Literal["ignored"] | None) -> Pixels:
    if background is None:
        raise ValueError(
            "transparent pixels: the file is fine; say what is behind them, such as prepare = { background = [255, 255, 255] }"
            ', or background = "ignored" to take their colours as torchvision does'
        )
    share = alpha[..., np.newaxis].astype(np.uint32)
    behind = np.asarray(background, dtype=np.uint32)
    return ((values * share + behind * (255 - share) + 127) // 255).astype(np.uint8)


def _in_channels(values: Pixels, channels: int) -> Pixels:
    """One channel from three is luma, `(19595 R + 38470 G + 7471 B + 32768) div 65536`, as Pillow has it (ITU-R 601)."""
    have = values.shape[2]
    if have == channels:
        return values
    if have == 1 and channels == 3:
        return np.broadcast_to(values, (*values.shape[:2], 3))
    if have == 3 and channels == 1:
        weighted = values.astype(np.uint32) @ np.array([19595, 38470, 7471], dtype=np.uint32)
        return ((weighted + 32768) >> 16).astype(np.uint8)[..., np.newaxis]
    raise ValueError(
        f"{have} {'channel' if have == 1 else 'channels'}, and the model takes {channels}: declare channels = {have}, or give "
        f"images of {channels}"
    )


def resized_shape(shape: Shape, resize: int | Shape) -> Shape:
    """Height and width after resizing.

    >>> resized_shape((375, 500), 256)
    (256, 341)
    """
    if not isinstance(resize, int):
        return resize
    height, width = shape
    if height <= width:
        return resize, max(1, int(resize * width / height))
    return max(1, int(resize * height / width)), resize


def _resized(pixels: Pixels, shape: Shape, to: Preparation) -> Pixels:
    if pixels.shape[:2] == shape:
        return pixels
    if to.antialias == "torchvision":
        return _resized_as_tensor(pixels, shape, to.interpolation)
    how = INTERPOLATIONS[to.interpolation]
    if pixels.shape[2] == 3:
        return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(shape[::-1], how))
    planes = (np.ascontiguousarray(pixels[..., channel]) for channel in range(pixels.shape[2]))  # Pillow resizes each by itself
    return np.stack([np.asarray(Image.fromarray(plane).resize(shape[::-1], how)) for plane in planes], axis=2)


def _resized_as_tensor(pixels: Pixels, shape: Shape, interpolation: Interpolation) -> Pixels:
    import torch
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2.functional import resize

    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)  # in memory as torchvision has an opened picture
    resized = resize(image, list(shape), InterpolationMode(interpolation), antialias=True)
    return np.asarray(resized.permute(1, 2, 0))


def _centred(pixels: Pixels, to: Preparation) -> Pixels:
    """The centre: cropped where it is larger, on black where it is smaller."""
    if pixels.shape[:2] == to.shape:
        return pixels
    target = np.zeros((*to.shape, to.channels), dtype=np.uint8)
    (from_y, to_y), (from_x, to_x) = (
        _kept(have, want, to.centre) for have, want in zip(pixels.shape[:2], to.shape, strict=True)
    )
    target[to_y, to_x] = pixels[from_y, from_x]
    return target


def _kept(have: int, want: int, centre: Centre) -> tuple[slice, slice]:
    """Along one side: where the kept pixels lie in the image and in the target."""
    kept = min(have, want)
    source, target = (have - kept) // 2, (want - kept) // 2
    if centre == "round":
        source = round((have - kept) / 2)  # half of an odd number to the even one, as Python and torchvision do
    return slice(source, source + kept), slice(target, target + kept)


def _text(lengths: int | Shape) -> str:
    if isinstance(lengths, int):
        return f"the shorter side to {lengths}"
    height, width = lengths
    return str(height) if height == width else f"{height}x{width}"
