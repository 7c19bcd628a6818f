"""What a reader sees of the images: one of each class, and some of them under every noise. Data URIs of PNG and WebP."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from robustness.data import ImageSet, Preparation, prepared
from robustness.data.picture import Picture, viewable
from robustness.data.preparation import Fit, prepare
from robustness.errors import RobustnessError
from robustness.evaluation.order import evaluation_order
from robustness.noise import Noise, apply
from robustness.report.results import ImageClass, Images, NoisyImages

SIZE = 40
"""Pixels of the pictures where nothing was measured."""
GALLERY_IMAGES = 3
LOOKED_AT = 12
"""Images of a class that its picture is chosen from."""
LOSSLESS, QUALITY = 64, 80
"""Up to how many pixels pictures are exact, and WebP's quality beyond, which 224 pixels of noise take 20 kB in."""


def describe_images(image_set: ImageSet, fit: Preparation) -> Images:
    """The set, and each class with its number of images and the picture of a typical one, as a network sees it."""
    counts = np.bincount(image_set.labels, minlength=len(image_set.class_names))

    def picture(label: int) -> str | None:
        return data_uri(_small(_seen(image_set, fit, [_typical(image_set, fit, label)])[0])) if counts[label] else None

    return Images(
        name=image_set.name,
        images=len(image_set),
        content_hash=image_set.content_hash,
        classes=tuple(
            ImageClass(name=name, images=int(counts[label]), picture=picture(label))
            for label, name in enumerate(image_set.class_names)
        ),
        left_out=image_set.left_out,
        in_order=bool((image_set.index == np.arange(len(image_set))).all()),
    )


def draw_gallery(image_set: ImageSet, fit: Preparation, noises: Sequence[Noise], seed: int) -> tuple[NoisyImages, ...]:
    """A few images, of classes spread over the set, under each noise, as a network sees them."""
    present = np.flatnonzero(np.bincount(image_set.labels))
    labels = present[np.linspace(0, len(present) - 1, min(GALLERY_IMAGES, len(present))).astype(int)]
    places = [_typical(image_set, fit, int(label)) for label in labels]
    images = _seen(image_set, fit, places)
    gallery = []
    for noise in noises:
        try:
            noisy = apply(noise, images, image_set.index[places], seed)
        except RobustnessError:  # a transform of the user's own may not take this size; its limits have said what is wrong
            continue
        gallery.append(NoisyImages(noise=str(noise), pictures=tuple(map(data_uri, noisy))))
    return tuple(gallery)


def data_uri(image: npt.NDArray[np.uint8]) -> str:
    """An image, uint8 of shape (height, width, channels), for an `img` element: small ones as PNG, larger ones as WebP."""
    file, shown = io.BytesIO(), viewable(image)
    if max(image.shape[:2]) <= LOSSLESS:
        shown.save(file, "PNG", optimize=True)
        return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    shown.save(file, "WEBP", quality=QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _typical(image_set: ImageSet, fit: Preparation, label: int) -> int:
    """Of a class's first images in the order of evaluation, the one with the strongest contrast."""
    of_class = np.flatnonzero(image_set.labels == label)
    places = of_class[evaluation_order(image_set.index[of_class])[:LOOKED_AT]]
    return int(places[np.argmax(_seen(image_set, fit, places).std(axis=(1, 2, 3)))])


def _seen(image_set: ImageSet, fit: Preparation, places: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    return prepared(image_set.take(places), fit).whole()


def _small(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """For a list: no larger than `LOSSLESS` each way."""
    longest = max(image.shape[:2])
    if longest <= LOSSLESS:
        return image
    height, width = (max(1, side * LOSSLESS // longest) for side in image.shape[:2])
    return prepare(Picture(image), Fit((height, width), "resize", image.shape[2]))
